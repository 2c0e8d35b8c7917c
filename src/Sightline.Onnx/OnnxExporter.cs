using Google.Protobuf;
using Onnx;
using Sightline.Checkpoints;
using Sightline.Configuration;
using Sightline.Onnx.Graphs;
using Sightline.Tokenization;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Sightline.Onnx;

/// <summary>
/// Writes a checkpoint as the ONNX folder that transformers.js, Firefox and NVDA's captioner read: <c>onnx/encoder_model.onnx</c>,
/// <c>onnx/decoder_model_merged.onnx</c> and their smaller forms, with configuration and tokenizer files beside. The same checkpoint gives the same bytes.
/// </summary>
public static class OnnxExporter
{
    /// <summary>Writes the folder; it appears when everything is written.</summary>
    /// <param name="folder">The checkpoint, as <c>save_pretrained</c> writes it.</param>
    /// <param name="output">The new folder: it must not exist or must be empty.</param>
    /// <param name="options">Number types and layout; null for the defaults.</param>
    /// <param name="cancellationToken">Checked between the files; what was written is removed.</param>
    /// <exception cref="ConfigurationException">A configuration or tokenizer file cannot be used, the options cannot, or the target cannot be taken.</exception>
    /// <exception cref="CheckpointException">Weights are missing, damaged, do not fit config.json or the number type, are too large for one ONNX file, or cannot be written.</exception>
    public static OnnxExport Export(string folder, string output, OnnxExportOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentException.ThrowIfNullOrEmpty(output);
        options ??= new OnnxExportOptions();
        options.Validate();
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(output));
        if (File.Exists(target) || (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any()))
            throw new ConfigurationException($"{output}: there is something at this path already; the name of a new folder was expected.");
        var config = VisionEncoderDecoderConfig.Load(folder);
        var tokenizer = Gpt2Tokenizer.Load(folder);
        using var source = Checkpoint.Open(folder);
        var parameters = new Parameters(config, source, folder);
        var temporary = $"{target}.{Environment.ProcessId}.{Guid.NewGuid():N}.tmp";
        try
        {
            Directory.CreateDirectory(Path.Combine(temporary, "onnx"));
            foreach (var type in options.NumberTypes)
                WriteModels(Path.Combine(temporary, "onnx"), config, parameters, type, options, cancellationToken);
            FolderSettings.Write(folder, temporary, config, tokenizer);
            if (options.NumberTypes.Contains(OnnxNumberType.Q8))
                FolderSettings.WriteQuantization(temporary, options);
            if (Directory.Exists(target))
                Directory.Delete(target);
            Directory.Move(temporary, target);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{output}: the ONNX folder cannot be written ({MessageText.Clean(e.Message)})", e);
        }
        finally
        {
            if (Directory.Exists(temporary))
                Directory.Delete(temporary, recursive: true);
        }

        var files = new DirectoryInfo(target).GetFiles("*", SearchOption.AllDirectories)
            .Select(file => (Path.GetRelativePath(target, file.FullName).Replace('\\', '/'), file.Length)).OrderBy(file => file.Item1, StringComparer.Ordinal);
        return new OnnxExport { Files = [.. files] };
    }

    private static void WriteModels(string folder, VisionEncoderDecoderConfig config, Parameters parameters, OnnxNumberType type, OnnxExportOptions options, CancellationToken cancellationToken)
    {
        var suffix = type switch { OnnxNumberType.Fp16 => "_fp16", OnnxNumberType.Q8 => "_quantized", _ => "" };
        cancellationToken.ThrowIfCancellationRequested();
        // Readers expect uint8 in the encoder: onnxruntime-web has no convolution with int8 weights.
        Write($"encoder_model{suffix}.onnx", ModelFiles.Encoder(config, Layers(isSigned: options.PerChannel), options.CrossKeyValues));
        cancellationToken.ThrowIfCancellationRequested();
        Write($"decoder_model_merged{suffix}.onnx", options.CrossKeyValues == CrossKeyValues.Cached
            ? ModelFiles.CachedDecoder(config, Layers(isSigned: true))
            : ModelFiles.MergedDecoder(config, Layers(isSigned: true)));

        LayerWriter Layers(bool isSigned) => type switch
        {
            OnnxNumberType.Q8 => new QuantizedLayers(parameters, isSigned, options.PerChannel),
            OnnxNumberType.Fp16 => new FloatLayers(parameters, DataType.Float16),
            _ => new FloatLayers(parameters, DataType.Float),
        };

        void Write(string name, ModelProto model)
        {
            var bytes = model.Graph.Initializer.Sum(tensor => (long)tensor.RawData.Length);
            if (bytes > int.MaxValue - (64L << 20)) // the nodes and their names need some
                throw new CheckpointException($"{name}: {bytes} bytes of weights; an ONNX file holds at most {int.MaxValue}. Choose fp16 or q8.");
            using var stream = new FileStream(Path.Combine(folder, name), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16);
            model.WriteTo(stream);
            stream.Flush(flushToDisk: true);
        }
    }
}
