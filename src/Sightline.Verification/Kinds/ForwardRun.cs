using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sightline.Checkpoints;
using Sightline.Models;

namespace Sightline.Verification.Kinds;

/// <summary>One forward fixture: runs the model on its inputs and compares what is stored.</summary>
internal sealed partial class ForwardRun(VisionEncoderDecoderModel model, TensorSource golden, JsonObject manifest, Comparison comparison)
{
    private readonly Tolerance _activations = Tolerance.Parse(manifest["recommended_tolerance"]!["activations_and_logits"]!.GetValue<string>());
    private readonly Tolerance _loss = Tolerance.Parse(manifest["recommended_tolerance"]!["loss"]!.GetValue<string>());
    private readonly HashSet<string> _compared = [];
    private readonly int _batch = (int)golden.Find("pixel_values").Shape[0];
    private EncoderOutput? _encoded;

    public void CompareEncoder(OutputOptions keep)
    {
        _encoded = model.Encode(golden.ReadSingles("pixel_values"), _batch, keep);
        Compare("encoder_last_hidden_state", _encoded.LastHiddenState.ToArray());
        if (Has("encoder_pooler_output"))
            Compare("encoder_pooler_output", _encoded.PoolerOutput ?? []);
        CompareAll("encoder_hidden_states", _encoded.HiddenStates);
        CompareAll("encoder_attentions", _encoded.Attentions);
    }

    public void CompareDecoder(OutputOptions keep)
    {
        var ids = Ints("decoder_input_ids");
        var decoded = model.Decode(_encoded!, ids, default, keep);
        CompareLogits("logits", decoded.Logits);
        CompareAll("decoder_hidden_states", decoded.HiddenStates);
        CompareAll("decoder_attentions", decoded.Attentions);
        CompareAll("cross_attentions", decoded.CrossAttentions);
        for (var i = 0; Has($"past_key_values.{i}.key") && i < decoded.PastKeyValues.Count; i++)
        {
            Compare($"past_key_values.{i}.key", decoded.PastKeyValues[i].Key);
            Compare($"past_key_values.{i}.value", decoded.PastKeyValues[i].Value);
        }

        CompareIncremental(ids, decoded.Logits);
    }

    public void CompareMasks()
    {
        foreach (var side in new[] { "right", "left" })
        {
            var name = $"logits_mask_{side}";
            if (!Has(name))
                continue;
            var mask = golden.ReadInt64s($"attention_mask_{side}").Select(bit => (byte)bit).ToArray();
            var logits = model.Decode(_encoded!, Ints("decoder_input_ids"), mask).Logits;
            var width = logits.Length / mask.Length;
            for (var position = 0; position < mask.Length; position++)
            {
                if (mask[position] == 0)
                    logits.AsSpan(position * width, width).Clear(); // stored as 0: they mean nothing
            }

            Compare(name, logits);
        }
    }

    public void CompareLosses()
    {
        foreach (var kind in new[] { "pad", "masked" })
        {
            if (!Has($"loss_{kind}"))
                continue;
            var labels = Ints($"labels_{kind}");
            var inputs = model.ShiftTokensRight(labels, _batch);
            comparison.Equal($"decoder_input_ids_from_labels_{kind}", Ints($"decoder_input_ids_from_labels_{kind}"), inputs);
            _compared.Add($"decoder_input_ids_from_labels_{kind}");
            var logits = model.Decode(_encoded!, inputs).Logits;
            if (kind == "pad" && Has("logits_from_labels"))
                Compare("logits_from_labels", logits);
            var loss = CrossEntropy.Mean(logits, labels);
            comparison.Close($"loss_{kind}", golden.ReadSingles($"loss_{kind}")[0], loss, _loss);
            foreach (var scalar in new[] { $"loss_{kind}", $"loss_{kind}_f64" })
            {
                if (manifest["scalars"]?[scalar] is { } stored)
                    comparison.Close(scalar, stored.GetValue<double>(), loss, _loss);
            }

            _compared.Add($"loss_{kind}");
        }
    }

    public void CompareInterpolation()
    {
        if (!Has("interp.pixel_values"))
            return;
        var shape = golden.Find("interp.pixel_values").Shape;
        var encoded = model.Encode(golden.ReadSingles("interp.pixel_values"), (int)shape[0], (int)shape[2], (int)shape[3]);
        _compared.Add("interp.pixel_values");
        Compare("interp.encoder_last_hidden_state", encoded.LastHiddenState.ToArray());
        var ids = Ints("decoder_input_ids").AsSpan(0, (int)golden.Find("interp.logits").Shape[1]);
        Compare("interp.logits", model.Decode(encoded, ids).Logits);
    }

    /// <summary>A tensor of the file that nothing looked at would be a hole: it is a failure.</summary>
    public void CompareCoverage()
    {
        var inputs = ((JsonObject)manifest["inputs"]!).Select(pair => pair.Key).ToHashSet();
        var forgotten = golden.Tensors.Keys.Where(name => !_compared.Contains(name) && !inputs.Contains(name) && !name.StartsWith("grad_", StringComparison.Ordinal)).ToList();
        comparison.True(forgotten.Count == 0, () => $"not compared: {string.Join(", ", forgotten)}");
    }

    // Token by token with the cache must give what the whole sequence gave.
    private void CompareIncremental(int[] ids, float[] logits)
    {
        var length = ids.Length / _batch;
        var vocabularySize = logits.Length / ids.Length;
        using var session = model.StartDecoding(_encoded!);
        var step = new float[_batch * vocabularySize];
        var all = new float[logits.Length];
        for (var t = 0; t < length; t++)
        {
            var tokens = Enumerable.Range(0, _batch).Select(row => ids[row * length + t]).ToArray();
            session.Step(tokens, 1, step);
            for (var row = 0; row < _batch; row++)
                step.AsSpan(row * vocabularySize, vocabularySize).CopyTo(all.AsSpan((row * length + t) * vocabularySize));
        }

        comparison.Close("logits with the cache", logits, all, _activations);
    }

    private void CompareLogits(string name, float[] logits)
    {
        var vocabularySize = model.Config.Decoder.VocabSize;
        var stride = 1;
        if (ColumnStride().Match(manifest["tensors"]?[name]?["columns"]?.GetValue<string>() ?? "") is { Success: true } match)
            stride = int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
        Compare(name, stride == 1 ? logits : [.. Enumerable.Range(0, logits.Length).Where(i => i % vocabularySize % stride == 0).Select(i => logits[i])]);
        var positions = logits.Length / vocabularySize;
        var argmax = new long[positions];
        var logSumExp = new float[positions];
        for (var i = 0; i < positions; i++)
        {
            var row = logits.AsSpan(i * vocabularySize, vocabularySize);
            argmax[i] = System.Numerics.Tensors.TensorPrimitives.IndexOfMax(row);
            double max = row[(int)argmax[i]], sum = 0;
            foreach (var value in row)
                sum += Math.Exp(value - max);
            logSumExp[i] = (float)(max + Math.Log(sum));
        }

        Compare("logits_logsumexp", logSumExp);
        comparison.Equal<long>("logits_argmax", golden.ReadInt64s("logits_argmax"), argmax);
        _compared.Add("logits_argmax");
    }

    private void CompareAll(string name, IReadOnlyList<float[]> layers)
    {
        if (!Has($"{name}.0"))
            return;
        for (var i = 0; i < layers.Count; i++)
            Compare($"{name}.{i}", layers[i]);
        comparison.True(!Has($"{name}.{layers.Count}"), () => $"{name}: the model has {layers.Count} layers, the file more");
    }

    private void Compare(string name, float[] actual)
    {
        comparison.Close(name, golden.ReadSingles(name), actual, _activations);
        _compared.Add(name);
    }

    private bool Has(string name) => golden.Tensors.ContainsKey(name);

    private int[] Ints(string name) => [.. golden.ReadInt64s(name).Select(value => checked((int)value))];

    [GeneratedRegex(@"every (\d+)(?:st|nd|rd|th) vocabulary column")]
    private static partial Regex ColumnStride();
}
