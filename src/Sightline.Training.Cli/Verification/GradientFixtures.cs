using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sightline.Checkpoints;
using Sightline.IO;
using Sightline.Training.Modeling;
using Sightline.Verification;
using static TorchSharp.torch;

namespace Sightline.Training.Cli.Verification;

/// <summary><c>forward/</c>: logits, both losses and all gradients of the trainable model.</summary>
internal sealed partial class GradientFixtures : FixtureKind
{
    public override string Name => "forward";

    protected override IEnumerable<string> Files(string root) => Directory.EnumerateFiles(Path.Combine(root, Name), "*.json").Order(StringComparer.Ordinal);

    protected override FixtureResult Judge(string root, string file)
    {
        var manifest = JsonFile.ReadObject(file);
        var comparison = new Comparison(Name, Relative(root, file));
        using var golden = SafetensorsFile.Open(Path.ChangeExtension(file, ".safetensors"));
        using var model = TrainableModel.Load(Path.Combine(Path.GetDirectoryName(file)!, manifest["checkpoint"]!.GetValue<string>()));
        CompareLogits(model, golden, manifest, comparison);
        var batch = Batch(golden);
        if (model.Config.DecoderStartTokenId is null)
        {
            comparison.True(Refuses(model, batch), () => "labels without decoder_start_token_id were accepted; the reference raises ValueError");
            return comparison.Result();
        }

        var (pad, masked) = model.ComputeLoss(batch);
        var loss = Tolerance.Parse(Words(manifest, "loss"));
        comparison.Close("loss_pad", manifest["scalars"]!["loss_pad_f64"]!.GetValue<double>(), pad, loss);
        comparison.Close("loss_masked", manifest["scalars"]!["loss_masked_f64"]!.GetValue<double>(), masked, loss);
        CompareGradients(model, batch, LossKind.Pad, golden, manifest, comparison);
        CompareGradients(model, batch, LossKind.Masked, golden, manifest, comparison);
        return comparison.Result();
    }

    private static void CompareLogits(TrainableModel model, TensorSource golden, JsonObject manifest, Comparison comparison)
    {
        var logits = model.ComputeLogits(golden.ReadSingles("pixel_values"), (int)golden.Find("pixel_values").Shape[0], golden.ReadInt64s("decoder_input_ids"));
        var expected = golden.ReadSingles("logits");
        if (expected.Length != logits.Length) // a large vocabulary is stored in part
        {
            const int Stride = 61;
            var vocabulary = model.Config.Decoder.VocabSize;
            logits = [.. logits.Where((_, i) => i % vocabulary % Stride == 0)];
        }

        comparison.Close("logits", expected, logits, Tolerance.Parse(Words(manifest, "activations_and_logits")));
    }

    private static void CompareGradients(TrainableModel model, CaptionBatch batch, LossKind kind, TensorSource golden, JsonObject manifest, Comparison comparison)
    {
        var name = kind == LossKind.Pad ? "pad" : "masked";
        var normTolerance = NormTolerance(Words(manifest, "grad_norms"), model.Config.Decoder.VocabSize);
        using var scope = NewDisposeScope();
        var parameters = model.Module.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        foreach (var parameter in parameters.Values)
            parameter.grad = null;
        var sums = model.Loss(batch);
        (sums.Sum(kind) / sums.Count(kind)).backward();
        var norms = manifest["grad_norms"]![name]!.AsObject();
        comparison.True(norms.Select(norm => norm.Key).ToHashSet().SetEquals(parameters.Keys), () => "the model has other parameters than the file");
        foreach (var (parameter, norm) in norms.Where(norm => parameters.ContainsKey(norm.Key)))
        {
            var gradient = parameters[parameter].grad;
            if (norm is null || gradient is null)
            {
                comparison.True(norm is null && gradient is null, () => $"{parameter} {(gradient is null ? "has no gradient" : "has a gradient")}, unlike the reference");
                continue;
            }

            var values = ModelWeights.Read(gradient);
            if (!parameter.EndsWith(".attention.key.bias", StringComparison.Ordinal)) // true gradient 0: rounding noise
                comparison.Close($"grad_norms.{name}.{parameter}", norm.GetValue<double>(), Math.Sqrt(values.Sum(value => (double)value * value)), normTolerance);
            if (golden.Tensors.ContainsKey($"grad_{name}.{parameter}"))
            {
                var expected = golden.ReadSingles($"grad_{name}.{parameter}");
                comparison.Close($"grad_{name}.{parameter}", expected, values, OfLargest(Words(manifest, "gradients"), expected));
            }
        }
    }

    private static bool Refuses(TrainableModel model, CaptionBatch batch)
    {
        try
        {
            _ = model.ComputeLoss(batch);
            return false;
        }
        catch (ConfigurationException)
        {
            return true;
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

    // "abs 2e-6 + rel 1e-4 of the tensor's max"
    private static Tolerance OfLargest(string words, float[] expected)
    {
        var stated = Tolerance.Parse(words);
        return new Tolerance(stated.Absolute + (stated.Relative * expected.Max(Math.Abs)), 0, stated.Text);
    }

    // "rel 5e-5 (1e-3 for the 50257 vocabulary), without …"; norms that are almost zero are below what fp32 can tell.
    private static Tolerance NormTolerance(string words, int vocabulary)
    {
        var stated = Tolerance.Parse(words);
        var large = LargeVocabulary().Match(words);
        var relative = large.Success && large.Groups[2].Value == vocabulary.ToString(CultureInfo.InvariantCulture)
            ? double.Parse(large.Groups[1].Value, CultureInfo.InvariantCulture)
            : stated.Relative;
        return new Tolerance(0, relative, string.Create(CultureInfo.InvariantCulture, $"rel {relative:G2} for gradient norms"));
    }

    private static string Words(JsonObject manifest, string quantity) => manifest["recommended_tolerance"]![quantity]!.GetValue<string>();

    [GeneratedRegex(@"\(([0-9.]+(?:e[-+]?[0-9]+)?) for the ([0-9]+) vocabulary\)")]
    private static partial Regex LargeVocabulary();
}
