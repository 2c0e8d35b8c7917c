using System.Text.Json.Nodes;
using Sightline.Checkpoints;
using Sightline.IO;
using Sightline.Tests;
using Sightline.Training.Modeling;
using static TorchSharp.torch;

namespace Sightline.Training.Tests.Modeling;

/// <summary>The TorchSharp model against Transformers 4.17: encoder states, logits, both losses and every gradient norm, for every checkpoint.</summary>
public sealed class ForwardGoldenTests
{
    // Tolerances: tests/Fixtures/README.md and recommended_tolerance of each file (reduction order of fp32).
    private const double LogitTolerance = 5e-5;
    private const double LogitRelative = 1e-5;

    public static TheoryData<string> Names() =>
        [.. Directory.GetFiles(Fixture.Path("forward"), "*.json").Select(file => Path.GetFileNameWithoutExtension(file)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Forward_Checkpoint_MatchesTheReference(string name)
    {
        using var model = TrainableModel.Load(Fixture.Path("checkpoints", name));
        using var golden = SafetensorsFile.Open(Fixture.Path("forward", name + ".safetensors"));
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var pixels = golden.ReadSingles("pixel_values");
        var images = (int)golden.Find("pixel_values").Shape[0];

        var states = ModelWeights.Read(model.Module.Encode(model.Pixels(pixels, images)));
        Close.Assert("encoder_last_hidden_state", golden.ReadSingles("encoder_last_hidden_state"), states, LogitTolerance, LogitRelative);

        var logits = model.ComputeLogits(pixels, images, golden.ReadInt64s("decoder_input_ids"));
        var vocabulary = model.Config.Decoder.VocabSize;
        var expected = golden.ReadSingles("logits");
        var stride = expected.Length == logits.Length ? 1 : 61; // t-fullvocab holds every 61st column
        Close.Assert("logits", expected, Columns(logits, vocabulary, stride), LogitTolerance, LogitRelative);
        Assert.Equal(golden.ReadInt64s("logits_argmax"), ArgMax(logits, vocabulary));
    }

    [Theory]
    [InlineData("a-safetensors-fp32")]
    [InlineData("i-deit")]
    public void Forward_AttentionMask_MatchesWhereTheMaskIsOne(string name)
    {
        using var model = TrainableModel.Load(Fixture.Path("checkpoints", name));
        using var golden = SafetensorsFile.Open(Fixture.Path("forward", name + ".safetensors"));
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var pixels = golden.ReadSingles("pixel_values");
        var shape = golden.Find("decoder_input_ids").Shape;
        var (rows, length) = ((int)shape[0], (int)shape[1]);
        foreach (var side in new[] { "right", "left" })
        {
            if (!golden.Tensors.ContainsKey($"logits_mask_{side}"))
                continue;
            var mask = golden.ReadInt64s($"attention_mask_{side}");
            var logits = ModelWeights.Read(model.Module.Forward(
                model.Pixels(pixels, rows), model.Ids(golden.ReadInt64s("decoder_input_ids"), rows, length), attentionMask: model.Ids(mask, rows, length)));
            var expected = golden.ReadSingles($"logits_mask_{side}");
            var width = expected.Length / mask.Length;
            for (var i = 0; i < mask.Length; i++)
            {
                if (mask[i] == 1)
                    Close.Assert($"logits_mask_{side}[{i}]", expected.AsSpan(i * width, width), logits.AsSpan(i * width, width), LogitTolerance, LogitRelative);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Loss_BothKinds_MatchTheReferenceWithAllGradients(string name)
    {
        var about = JsonFile.ReadObject(Fixture.Path("forward", name + ".json"));
        using var golden = SafetensorsFile.Open(Fixture.Path("forward", name + ".safetensors"));
        using var model = TrainableModel.Load(Fixture.Path("checkpoints", name));
        var batch = Batch(golden);
        if (model.Config.DecoderStartTokenId is null) // HF raises ValueError for labels alone
        {
            Assert.Equal("k-nested-ids", name);
            Assert.Contains("decoder_start_token_id", Assert.Throws<ConfigurationException>(() => model.DecoderStartTokenId).Message, StringComparison.Ordinal);
            Assert.Throws<ConfigurationException>(() => model.ComputeLoss(batch));
            return;
        }

        var norms = about["grad_norms"]!;
        var full = name == "t-fullvocab";
        var (pad, masked) = model.ComputeLoss(batch);
        var scalars = about["scalars"]!;
        Assert.Equal(scalars["loss_pad_f64"]!.GetValue<double>(), pad, full ? 5e-5 : 4e-6);
        Assert.Equal(scalars["loss_masked_f64"]!.GetValue<double>(), masked, full ? 5e-5 : 4e-6);
        CheckGradients(model, batch, LossKind.Pad, golden, "grad_pad.", norms["pad"]!.AsObject(), full, recompute: false);
        CheckGradients(model, batch, LossKind.Masked, golden, "grad_masked.", norms["masked"]!.AsObject(), full, recompute: false);
        CheckGradients(model, batch, LossKind.Pad, golden, "grad_pad.", norms["pad"]!.AsObject(), full, recompute: true);
        model.Module.Mode.ReferenceOrder = true;
        CheckGradients(model, batch, LossKind.Pad, golden, "grad_pad.", norms["pad"]!.AsObject(), full, recompute: false);
    }

    private static void CheckGradients(
        TrainableModel model, CaptionBatch batch, LossKind kind, TensorSource golden, string prefix, JsonObject norms, bool full, bool recompute)
    {
        using var scope = NewDisposeScope();
        var parameters = model.Module.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        foreach (var parameter in parameters.Values)
            parameter.grad = null;
        var chain = recompute ? new RecomputedChain() : null;
        var sums = model.Loss(batch, chain: chain);
        var loss = sums.Sum(kind) / sums.Count(kind);
        if (chain is null)
            loss.backward();
        else
            chain.Backward(loss);

        Assert.Equal(norms.Select(n => n.Key).Order(StringComparer.Ordinal), parameters.Keys.Order(StringComparer.Ordinal));
        Assert.Contains(norms, n => n.Value is not null && n.Value.GetValue<double>() > 1e-3);
        foreach (var (name, norm) in norms)
        {
            var gradient = parameters[name].grad;
            if (norm is null)
            {
                Assert.True(ModelWeights.IsUnused(name), name);
                Assert.Null(gradient);
                continue;
            }

            Assert.NotNull(gradient);
            var values = ModelWeights.Read(gradient);
            if (!name.EndsWith(".attention.key.bias", StringComparison.Ordinal)) // true gradient 0: only rounding noise
            {
                var expected = norm.GetValue<double>();
                var actual = Math.Sqrt(values.Sum(v => (double)v * v));
                Assert.True(Math.Abs(actual - expected) <= expected * (full ? 1e-3 : 5e-5) + 1e-9, $"{prefix}{name}: norm {actual:R}, expected {expected:R}.");
            }

            if (golden.Tensors.ContainsKey(prefix + name))
            {
                var expected = golden.ReadSingles(prefix + name);
                Close.Assert(prefix + name, expected, values, 2e-6 + (1e-4 * expected.Max(Math.Abs)));
            }
        }
    }

    private static CaptionBatch Batch(TensorSource golden)
    {
        var shape = golden.Find("labels_masked").Shape;
        return new CaptionBatch
        {
            PixelValues = golden.ReadSingles("pixel_values"),
            ImageCount = (int)shape[0],
            Labels = golden.ReadInt64s("labels_masked"),
            LabelLength = (int)shape[1],
        };
    }

    private static float[] Columns(float[] logits, int vocabulary, int stride) =>
        [.. logits.Where((_, i) => i % vocabulary % stride == 0)];

    private static long[] ArgMax(float[] logits, int vocabulary) =>
        [.. logits.Chunk(vocabulary).Select(row => (long)Array.IndexOf(row, row.Max()))];
}
