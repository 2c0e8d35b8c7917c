using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sightline.Checkpoints;
using Sightline.Generation;
using Sightline.Models;

namespace Sightline.Verification.Kinds;

/// <summary>One combination of an encoder and a decoder folder.</summary>
internal sealed partial class WarmStartRun(string folder, JsonObject combination, Comparison comparison)
{
    // The fixtures' README on activations and logits; expected.json names none.
    private static readonly Tolerance s_activations = Tolerance.Parse("abs 5e-5 + rel 1e-5");

    private readonly string _label = $"{combination["encoder"]}+{combination["decoder"]}";

    public void Run()
    {
        var (encoderFolder, decoderFolder) = (Folder("encoder"), Folder("decoder"));
        var version = combination["made_with"]!.GetValue<string>().Contains("4.31", StringComparison.Ordinal) ? Compatibility.Transformers431 : Compatibility.Transformers417;
        var warmStart = WarmStart.Compose(encoderFolder, decoderFolder, new WarmStartOptions { Compatibility = version });
        var config = warmStart.Checkpoint.Config;
        comparison.True(combination["has_enc_to_dec_proj"]!.GetValue<bool>() == config.HasEncoderToDecoderProjection, () => $"{_label}: enc_to_dec_proj differs");
        comparison.True(combination["tied_lm_head"]!.GetValue<bool>() == config.Decoder.TieWordEmbeddings, () => $"{_label}: tying of lm_head differs");
        foreach (var (key, value) in combination["decoder_config"]!.AsObject())
            comparison.True(JsonNode.DeepEquals(value, config.Json["decoder"]![key]), () => $"{_label}: decoder.{key} is {config.Json["decoder"]![key]?.ToJsonString()} instead of {value?.ToJsonString()}");
        foreach (var (key, value) in combination["composite_config_ids"]!.AsObject())
            comparison.True(value is null == config.Json[key] is null, () => $"{_label}: {key} is {config.Json[key]?.ToJsonString()} instead of {value?.ToJsonString()}");
        comparison.Equal<string>($"{_label} unused", [.. combination["unused"]!.AsArray().Select(name => name!.GetValue<string>()).Order(StringComparer.Ordinal)], [.. warmStart.Unused.Order(StringComparer.Ordinal)]);

        using var encoder = Checkpoint.Open(encoderFolder);
        using var decoder = Checkpoint.Open(decoderFolder);
        var expected = combination["parameters"]!.AsObject();
        comparison.Equal<string>($"{_label} parameters", [.. expected.Select(pair => pair.Key).Where(IsParameter).Order(StringComparer.Ordinal)], [.. warmStart.Checkpoint.Parameters.Keys.Order(StringComparer.Ordinal)]);
        foreach (var (name, origin) in expected.Where(pair => IsParameter(pair.Key)))
            CompareParameter(name, origin!.GetValue<string>(), warmStart, encoder, decoder);
        if (combination["result"] is { } result)
            CompareResult(Path.Combine(folder, result.GetValue<string>()));

        bool IsParameter(string name) => name != "decoder.lm_head.weight" || !config.Decoder.TieWordEmbeddings;
    }

    private void CompareParameter(string name, string origin, WarmStart warmStart, TensorSource encoder, TensorSource decoder)
    {
        if (!warmStart.Checkpoint.Parameters.TryGetValue(name, out var values))
            return; // reported with the list of names
        if (!origin.StartsWith("init ", StringComparison.Ordinal))
        {
            var source = origin.StartsWith("encoder:", StringComparison.Ordinal) ? encoder : decoder;
            comparison.Equal<float>($"{_label} {name}", source.ReadSingles(origin[(origin.IndexOf(':', StringComparison.Ordinal) + 1)..]), values);
            comparison.True(warmStart.Origins[name] == origin, () => $"{_label}: {name} comes from {warmStart.Origins[name]} instead of {origin}");
            return;
        }

        CompareDistribution(name, origin, values);
    }

    // Five standard errors: a right distribution fails once in millions of parameters, half or twice the deviation never passes.
    private void CompareDistribution(string name, string origin, float[] values)
    {
        if (origin.StartsWith("init zeros", StringComparison.Ordinal) || origin.StartsWith("init ones", StringComparison.Ordinal))
        {
            var constant = origin.StartsWith("init ones", StringComparison.Ordinal) ? 1f : 0f;
            comparison.True(values.All(value => value == constant), () => $"{_label}: {name} is not all {constant}");
            return;
        }

        var measured = double.Parse(Measured().Match(origin).Groups[2].Value, CultureInfo.InvariantCulture);
        var mean = values.Average(value => (double)value);
        if (origin.Contains("uniform", StringComparison.Ordinal))
        {
            var bound = UniformBound().Match(origin) is { Success: true } match ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : measured * 1.05;
            comparison.True(values.All(value => Math.Abs(value) <= bound * 1.001) && values.Max(Math.Abs) > 0.8 * bound, () => $"{_label}: {name} does not fill ±{bound}");
            return;
        }

        var deviation = Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
        var error = measured / Math.Sqrt(values.Length);
        comparison.True(Math.Abs(mean) < 5 * error, () => $"{_label}: the mean of {name} is {mean:G4} instead of 0");
        comparison.True(Math.Abs(deviation - measured) < 10 * error, () => $"{_label}: the standard deviation of {name} is {deviation:G4}; the reference measured {measured}");
    }

    // The combined model that HF saved, its random part included.
    private void CompareResult(string resultFolder)
    {
        using var model = VisionEncoderDecoderModel.Load(resultFolder);
        using var golden = SafetensorsFile.Open(Path.Combine(resultFolder, "expected.safetensors"));
        var batch = (int)golden.Find("pixel_values").Shape[0];
        var encoded = model.Encode(golden.ReadSingles("pixel_values"), batch);
        if (golden.Tensors.ContainsKey("encoder_last_hidden_state"))
            comparison.Close($"{_label} encoder_last_hidden_state", golden.ReadSingles("encoder_last_hidden_state"), encoded.LastHiddenState.Span, s_activations);
        var ids = golden.ReadInt64s("decoder_input_ids").Select(id => (int)id).ToArray();
        comparison.Close($"{_label} logits", golden.ReadSingles("logits"), model.Decode(encoded, ids).Logits, s_activations);
    }

    private string Folder(string part) => Path.Combine(folder, combination[part]!.GetValue<string>());

    [GeneratedRegex(@"measured (std|max) ([0-9.]+)")]
    private static partial Regex Measured();

    [GeneratedRegex(@"1/sqrt\(in\) = ([0-9.]+)")]
    private static partial Regex UniformBound();
}
