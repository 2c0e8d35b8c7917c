using Microsoft.ML.OnnxRuntime;
using Sightline.Generation;

namespace Sightline.Benchmarks.Peers;

/// <summary>
/// ONNX Runtime on a folder that <c>sightline export --onnx</c> wrote, used as well as its C# interface allows: one thread pool for both sessions,
/// key/value caches passed on without a copy, and Sightline's own search on top, so that only the model's arithmetic differs.
/// </summary>
internal sealed class OnnxRuntimePeer : IModelPeer
{
    private static readonly Lock s_environment = new();

    private readonly InferenceSession _encoder;
    private readonly InferenceSession _decoder;
    private readonly RunOptions _run = new();

    /// <param name="folder">The folder with <c>onnx/encoder_model…</c> and <c>onnx/decoder_model_merged…</c> or <c>onnx/decoder_model…</c>.</param>
    /// <param name="suffix">Empty for fp32, <c>_fp16</c>, <c>_quantized</c>.</param>
    /// <param name="threads">Threads of the shared pool.</param>
    /// <param name="name">What the table calls it.</param>
    public OnnxRuntimePeer(string name, string folder, string suffix, int threads)
    {
        Name = name;
        UseOneThreadPool(threads);
        var merged = Path.Combine(folder, "onnx", $"decoder_model_merged{suffix}.onnx");
        var decoder = File.Exists(merged) ? merged : Path.Combine(folder, "onnx", $"decoder_model{suffix}.onnx");
        using var options = new SessionOptions { GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL };
        options.DisablePerSessionThreads();
        _encoder = new InferenceSession(Path.Combine(folder, "onnx", $"encoder_model{suffix}.onnx"), options);
        _decoder = new InferenceSession(decoder, options);
        CrossInputs = _decoder.InputNames.Contains("encoder_hidden_states")
            ? ["encoder_hidden_states"]
            : [.. _decoder.InputNames.Where(name => _encoder.OutputNames.Contains(OnnxRuntimeSession.PresentName(name)))];
    }

    public string Name { get; }

    public IPeer? Against { get; init; }

    /// <summary>Whether the layout is the one that transformers.js loads: both branches in one file, encoder states for every step.</summary>
    public bool IsForTransformersJs => _decoder.InputNames.Contains("use_cache_branch") && CrossInputs is ["encoder_hidden_states"];

    /// <summary>Inputs of the decoder that the encoder gives.</summary>
    private string[] CrossInputs { get; }

    public IPeerEncoding Encode(float[] pixelValues, int batch)
    {
        var size = (long)Math.Sqrt(pixelValues.Length / (3 * batch));
        using var pixels = OrtValue.CreateTensorValueFromMemory(pixelValues, [batch, 3, size, size]);
        string[] outputs = CrossInputs is ["encoder_hidden_states"] ? ["last_hidden_state"] : [.. CrossInputs.Select(OnnxRuntimeSession.PresentName)];
        using var values = new DisposableValues(_encoder.Run(_run, ["pixel_values"], [pixels], outputs));
        return new Encoding(this, batch, values.Take());
    }

    public void Dispose()
    {
        _run.Dispose();
        _encoder.Dispose();
        _decoder.Dispose();
    }

    // A pool for each session lets the encoder's workers spin while the first tokens are decoded.
    private static void UseOneThreadPool(int threads)
    {
        lock (s_environment)
        {
            if (OrtEnv.IsCreated)
                return;
            using var pool = new OrtThreadingOptions { GlobalIntraOpNumThreads = threads, GlobalInterOpNumThreads = 1, GlobalSpinControl = true };
            var options = new EnvironmentCreationOptions { logId = "bench", logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, threadOptions = pool };
            OrtEnv.CreateInstanceWithOptions(ref options);
        }
    }

    private sealed class Encoding(OnnxRuntimePeer peer, int batch, OrtValue[] values) : IPeerEncoding
    {
        public IDecoderSession StartDecoding(int rowsPerImage) =>
            new OnnxRuntimeSession(peer._decoder, peer._run, peer.CrossInputs, values, batch, rowsPerImage);

        public void Dispose()
        {
            foreach (var value in values)
                value.Dispose();
        }
    }
}
