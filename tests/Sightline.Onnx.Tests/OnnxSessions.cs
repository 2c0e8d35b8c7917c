using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Sightline.Configuration;

namespace Sightline.Onnx.Tests;

/// <summary>Runs an exported folder on ONNX Runtime, as a user of that library would.</summary>
internal sealed class OnnxSessions : IDisposable
{
    private readonly InferenceSession _encoder;
    private readonly InferenceSession _decoder;
    private readonly VisionEncoderDecoderConfig _config;

    public OnnxSessions(string folder, string suffix = "")
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1 };
        _encoder = new InferenceSession(Path.Combine(folder, "onnx", $"encoder_model{suffix}.onnx"), options);
        _decoder = new InferenceSession(Path.Combine(folder, "onnx", $"decoder_model_merged{suffix}.onnx"), options);
        _config = VisionEncoderDecoderConfig.Load(folder);
    }

    public IReadOnlyDictionary<string, NodeMetadata> EncoderOutputs => _encoder.OutputMetadata;

    public IReadOnlyDictionary<string, NodeMetadata> DecoderInputs => _decoder.InputMetadata;

    public IReadOnlyList<string> DecoderOutputs => _decoder.OutputNames;

    /// <summary>Everything the encoder gives for pictures: last_hidden_state and, in folders that cache them, cross-attention keys and values.</summary>
    public List<NamedOnnxValue> Encode(float[] pixelValues, int batch)
    {
        var (channels, size) = (_config.Encoder.NumChannels, _config.Encoder.ImageSize);
        using var results = _encoder.Run([Value("pixel_values", pixelValues, batch, channels, size, size)]);
        return [.. results.Select(Copy)];
    }

    /// <summary>Runs the decoder.</summary>
    /// <param name="encoded">What <see cref="Encode"/> gave.</param>
    /// <param name="ids">[batch, length].</param>
    /// <param name="batch">Rows.</param>
    /// <param name="past">The cache of the step before; null for an empty one.</param>
    /// <param name="useCacheBranch">For the merged decoder.</param>
    /// <returns>Logits [batch, length, vocab] and the cache.</returns>
    public (float[] Logits, List<NamedOnnxValue> Cache) Decode(List<NamedOnnxValue> encoded, long[] ids, int batch, List<NamedOnnxValue>? past, bool useCacheBranch)
    {
        past ??= [.. _decoder.InputMetadata.Where(input => input.Key.StartsWith("past_key_values.", StringComparison.Ordinal) && !input.Key.Contains(".encoder.", StringComparison.Ordinal))
            .Select(input => Value(input.Key, [], batch, input.Value.Dimensions[1], 0, input.Value.Dimensions[3]))];
        var inputs = new List<NamedOnnxValue>(past) { NamedOnnxValue.CreateFromTensor("input_ids", new DenseTensor<long>(ids, [batch, ids.Length / batch])) };
        foreach (var value in encoded)
        {
            var name = value.Name == "last_hidden_state" ? "encoder_hidden_states" : value.Name.Replace("present", "past_key_values", StringComparison.Ordinal);
            if (_decoder.InputMetadata.ContainsKey(name))
                inputs.Add(NamedOnnxValue.CreateFromTensor(name, value.AsTensor<float>()));
        }

        if (_decoder.InputMetadata.ContainsKey("use_cache_branch"))
            inputs.Add(NamedOnnxValue.CreateFromTensor("use_cache_branch", new DenseTensor<bool>(new[] { useCacheBranch }, [1])));
        using var results = _decoder.Run(inputs);
        var logits = results[0].AsTensor<float>().ToArray();
        var cache = results.Skip(1).Select(Copy).Select(value => NamedOnnxValue.CreateFromTensor(value.Name.Replace("present", "past_key_values", StringComparison.Ordinal), value.AsTensor<float>()));
        return (logits, [.. cache]);
    }

    /// <summary>Greedy search, a picture at a time; ids without start and end token.</summary>
    public int[] Greedy(float[] pixelValues, int startId, int endId, int maxLength)
    {
        var encoded = Encode(pixelValues, 1);
        var (ids, next) = (new List<int>(), startId);
        List<NamedOnnxValue>? past = null;
        while (ids.Count < maxLength - 1)
        {
            (var logits, past) = Decode(encoded, [next], 1, past, useCacheBranch: past is not null);
            next = System.Numerics.Tensors.TensorPrimitives.IndexOfMax<float>(logits);
            if (next == endId)
                break;
            ids.Add(next);
        }

        return [.. ids];
    }

    public void Dispose()
    {
        _encoder.Dispose();
        _decoder.Dispose();
    }

    private static NamedOnnxValue Value(string name, float[] values, params int[] shape) => NamedOnnxValue.CreateFromTensor(name, new DenseTensor<float>(values, shape));

    private static NamedOnnxValue Copy(DisposableNamedOnnxValue value) => NamedOnnxValue.CreateFromTensor(value.Name, value.AsTensor<float>().Clone());
}
