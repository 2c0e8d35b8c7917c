using Sightline.Checkpoints;
using Sightline.Tests;
using Sightline.Training.Modeling;
using static TorchSharp.torch;

namespace Sightline.Training.Tests.Modeling;

public sealed class CaptionLossTests
{
    private const double Rounding = 2e-6;

    [Theory]
    [InlineData("a-safetensors-fp32")]
    [InlineData("k-distinct-ids")]
    public void ShiftRight_Labels_GivesTheReferencesInputs(string name)
    {
        using var golden = SafetensorsFile.Open(Fixture.Path("forward", name + ".safetensors"));
        using var model = TrainableModel.Load(Fixture.Path("checkpoints", name));
        var length = (int)golden.Find("labels_masked").Shape[1];
        foreach (var kind in new[] { "pad", "masked" })
            Assert.Equal(golden.ReadInt64s($"decoder_input_ids_from_labels_{kind}"), CaptionLoss.ShiftRight(golden.ReadInt64s($"labels_{kind}"), length, model.PadTokenId, model.DecoderStartTokenId));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.1)]
    [InlineData(0.7)]
    public void Compute_LabelSmoothing_FollowsTransformersLabelSmoother(double smoothing)
    {
        using var scope = NewDisposeScope();
        var random = new Random(5);
        var logits = Enumerable.Range(0, 2 * 3 * 7).Select(_ => (random.NextSingle() * 6) - 3).ToArray();
        long[] labels = [1, 4, -100, 6, -100, -100];
        const long Pad = 2;
        var sums = CaptionLoss.Compute(tensor(logits).view(2, 3, 7), tensor(labels).view(2, 3), Pad, 3, smoothing);
        Assert.Equal((6L, 3L), (sums.Positions, sums.Tokens));
        Assert.Equal(Reference(masked: false), sums.PadSum.item<float>(), Rounding * 10);
        Assert.Equal(Reference(masked: true), sums.MaskedSum.item<float>(), Rounding * 10);
        Assert.Equal(sums.MaskedSum.item<float>(), sums.Sum(LossKind.Masked).item<float>());
        Assert.NotEqual(sums.MaskedSum.item<float>(), sums.PadSum.item<float>());

        // (1 - eps) * nll + eps * mean over the vocabulary of -log p, in doubles.
        double Reference(bool masked)
        {
            var total = 0.0;
            for (var i = 0; i < labels.Length; i++)
            {
                if (masked && labels[i] == -100)
                    continue;
                var row = logits.AsSpan(i * 7, 7).ToArray();
                var normalizer = Math.Log(row.Sum(x => Math.Exp(x)));
                var label = labels[i] == -100 ? Pad : labels[i];
                total += ((1 - smoothing) * (normalizer - row[label])) + (smoothing * row.Average(x => normalizer - x));
            }

            return total;
        }
    }

    [Fact]
    public void Loss_CaptionsThatShareAPicture_GiveTheGradientsOfSeparateExamples()
    {
        using var model = GoldenRun.Model();
        var separate = FixtureData.Batch([0, 0, 1, 0]);
        var labels = FixtureData.Batch([0, 5, 1, 9]).Labels; // other captions for the same picture
        separate = separate with { Labels = labels };
        var grouped = FixtureData.Batch([0, 1]) with { Labels = labels, ImageIndex = new long[] { 0, 0, 1, 0 } };
        var expected = Gradients(separate);
        var actual = Gradients(grouped);
        Assert.Equal(expected.Loss, actual.Loss, Rounding);
        foreach (var (name, values) in expected.Gradients)
            Close.Assert(name, values, actual.Gradients[name], 2e-6 + (1e-4 * values.Max(MathF.Abs)));
        Assert.Contains(expected.Gradients, pair => pair.Key.StartsWith("encoder.", StringComparison.Ordinal) && pair.Value.Max(MathF.Abs) > 1e-3f);

        (double Loss, Dictionary<string, float[]> Gradients) Gradients(CaptionBatch batch)
        {
            using var scope = NewDisposeScope();
            foreach (var parameter in model.Module.parameters())
                parameter.grad = null;
            var sums = model.Loss(batch);
            var loss = sums.MaskedSum / sums.Tokens;
            loss.backward();
            return (loss.item<float>(), model.Module.named_parameters().Where(p => p.parameter.grad is not null).ToDictionary(p => p.name, p => ModelWeights.Read(p.parameter.grad!)));
        }
    }

    [Fact]
    public void Loss_BatchThatDoesNotFit_IsRefusedBeforeLibtorchSeesIt()
    {
        using var model = GoldenRun.Model();
        var good = FixtureData.Batch([0, 1]);
        Assert.True(model.ComputeLoss(good).Masked > 0);
        var changed = new Dictionary<string, CaptionBatch>
        {
            ["pixel values"] = good with { PixelValues = good.PixelValues[1..] },
            ["pictures"] = good with { ImageCount = 3 },
            ["n_positions"] = good with { LabelLength = 20, Labels = new long[40] },
            ["whole rows"] = good with { Labels = good.Labels[1..] },
            ["vocabulary of 96"] = good with { Labels = Enumerable.Repeat(96L, 20).ToArray() },
            ["id -1"] = good with { Labels = Enumerable.Repeat(-1L, 20).ToArray() },
            ["without an image index"] = good with { Labels = new long[30] },
            ["the image index holds 2"] = good with { ImageIndex = new long[] { 0, 2 } },
            ["entries for 2 captions"] = good with { ImageIndex = new long[] { 0 } },
        };
        foreach (var (expected, batch) in changed)
            Assert.Contains(expected, Assert.Throws<ArgumentException>(() => model.ComputeLoss(batch)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_DeviceThatIsNotThere_SaysWhy()
    {
        var folder = Fixture.Path("training", "init");
        Assert.Contains("cpu, cuda or cuda:N", Assert.Throws<ConfigurationException>(() => TrainableModel.Load(folder, "gpu")).Message, StringComparison.Ordinal);
        if (!cuda.is_available())
            Assert.Contains("no NVIDIA GPU", Assert.Throws<ConfigurationException>(() => TrainableModel.Load(folder, "cuda:0")).Message, StringComparison.Ordinal);
    }
}
