using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sightline.Checkpoints;
using Sightline.Generation;
using Sightline.Imaging;
using Sightline.Models;
using Sightline.Tokenization;

namespace Sightline.Verification.Kinds;

/// <summary>One file of <c>generate/</c>: every case in both versions, from the stored pixel values.</summary>
internal sealed partial class GenerateRun
{
    // The fixtures' README on activations and logits; these files state a tolerance for sequence scores only.
    private static readonly Tolerance s_observedScores = Tolerance.Parse("abs 5e-5 + rel 1e-5");

    private readonly string _root;
    private readonly string _checkpoint;
    private readonly JsonObject _json;
    private readonly TensorSource _golden;
    private readonly Comparison _comparison;
    private readonly VisionEncoderDecoderModel _model;
    private readonly GenerationOptions _defaults;
    private readonly Gpt2Tokenizer _tokenizer;
    private readonly float[] _pixelValues;
    private readonly EncoderOutput _encoded;
    private readonly Tolerance _scores;

    public GenerateRun(string root, string checkpoint, JsonObject json, TensorSource golden, Comparison comparison)
    {
        (_root, _checkpoint, _json, _golden, _comparison) = (root, checkpoint, json, golden, comparison);
        _model = VisionEncoderDecoderModel.Load(checkpoint);
        _defaults = GenerationConfig.Load(checkpoint).Options;

        // A checkpoint with the whole GPT-2 vocabulary keeps no copy of it.
        _tokenizer = Gpt2Tokenizer.Load(File.Exists(Path.Combine(checkpoint, "vocab.json")) ? checkpoint : Path.Combine(root, "tokenizer"));
        _pixelValues = golden.ReadSingles("pixel_values");
        _encoded = _model.Encode(_pixelValues, (int)golden.Find("pixel_values").Shape[0]);
        _scores = Tolerance.Parse(ScoresTolerance().Match(json["notes"]!.GetValue<string>()).Groups[1].Value);
    }

    /// <summary>The pictures, where they are files, must give the stored pixel values bit for bit.</summary>
    public void CompareImages()
    {
        if (_json["images"] is not JsonArray images)
            return;
        var folder = Path.Combine(_root, "images", "shapes");
        if (!Directory.Exists(folder))
        {
            _comparison.Skip("picture files (images/shapes is not present)");
            return;
        }

        var processor = new ViTImageProcessor(ImageProcessorConfig.Load(_checkpoint));
        var actual = images.SelectMany(name => processor.Preprocess(ImageDecoder.DecodeFile(
            Path.Combine(folder, name!.GetValue<string>()), new ImageDecodeOptions { ApplyExifOrientation = false }))).ToArray();
        _comparison.Equal<float>("pixel values of the picture files", _pixelValues, actual);
    }

    public void CompareCases()
    {
        foreach (var item in _json["cases"]!.AsArray())
        {
            foreach (var compatibility in Enum.GetValues<Compatibility>())
            {
                // "4.31" is there only where it differs from 4.17, and 4.17 not where that version cannot run the case.
                var expected = compatibility == Compatibility.Transformers431 ? item!["4.31"] ?? item["4.17"] : item!["4.17"];
                if (expected is not null)
                    CompareCase(item, expected, compatibility);
            }
        }
    }

    private void CompareCase(JsonNode item, JsonNode expected, Compatibility compatibility)
    {
        var name = item["name"]!.GetValue<string>();
        var kwargs = item["kwargs"]!.AsObject();
        var options = GenerationOptions.FromJson(kwargs) with
        {
            Compatibility = compatibility,
            ScoresObserver = compatibility == Compatibility.Transformers417 ? (step, scores, _) => Observe(name, step, scores) : null,
        };
        var output = TextGenerator.Generate(rows => _model.StartDecoding(_encoded, rows), options.MergeOver(_defaults));
        var label = compatibility == Compatibility.Transformers417 ? name : $"{name} (4.31)";
        var rows = output.ToPadded();
        var sequences = expected["sequences"]!.AsArray();
        _comparison.True(rows.Length == sequences.Count, () => $"{label}: {rows.Length} sequences instead of {sequences.Count}");
        for (var i = 0; i < Math.Min(rows.Length, sequences.Count); i++)
        {
            _comparison.Equal<int>($"{label} row {i}", [.. sequences[i]!.AsArray().Select(id => id!.GetValue<int>())], rows[i]);
            if (expected["text"]?[i] is { } text)
            {
                var actual = _tokenizer.Decode(rows[i], skipSpecialTokens: true);
                _comparison.True(text.GetValue<string>() == actual, () => $"{label} text {i} is '{actual}' instead of '{text}'");
            }
        }

        if (expected["sequences_scores"] is JsonArray scores)
            CompareScores(label, scores, output, kwargs["length_penalty"]?.GetValue<double>() ?? 1);
    }

    // With a negative length penalty the score is the sum times a power of the length, and the rounding of the sum is multiplied too. The
    // reference's own fp32 scores of such cases are up to 2.3e-5 away from exact arithmetic, more than the 2e-5 the files give for all: there the
    // tolerance is scaled as the score is.
    private void CompareScores(string label, JsonArray expected, GenerationOutput output, double lengthPenalty)
    {
        for (var i = 0; i < Math.Min(expected.Count, output.Sequences.Count); i++)
        {
            var scale = lengthPenalty < 0 ? Math.Pow(output.Sequences[i].TokenIds.Count, -lengthPenalty) : 1;
            var tolerance = scale == 1 ? _scores : _scores with { Absolute = _scores.Absolute * scale, Text = $"{_scores.Text} times length ** -length_penalty where that is negative" };
            _comparison.Close($"{label} score {i}", expected[i]!.GetValue<double>(), output.Sequences[i].Score, tolerance);
        }
    }

    private void Observe(string name, int step, ReadOnlySpan<float> scores)
    {
        var key = $"scores.{name}.{step}";
        if (_golden.Tensors.ContainsKey(key))
            _comparison.Close(key, _golden.ReadSingles(key), scores, s_observedScores);
    }

    [GeneratedRegex(@"sequences_scores tolerance: ([^;.]*\d[^;.]*)")]
    private static partial Regex ScoresTolerance();
}
