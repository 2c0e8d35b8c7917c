using Sightline.Checkpoints.Onnx;

namespace Sightline.Checkpoints;

/// <summary>Opens the weights of a Hugging Face folder, whatever form they have.</summary>
public static class Checkpoint
{
    /// <summary>The name of the single safetensors file.</summary>
    public const string SafetensorsName = "model.safetensors";

    /// <summary>The name of the single PyTorch file.</summary>
    public const string PyTorchName = "pytorch_model.bin";

    /// <summary>What comes after the name of a single file in the name of the index of shards.</summary>
    public const string IndexSuffix = ".index.json";

    private static readonly string[] s_candidates = [SafetensorsName, SafetensorsName + IndexSuffix, PyTorchName, PyTorchName + IndexSuffix];

    /// <summary>
    /// Opens the first that exists of <c>model.safetensors</c>, <c>model.safetensors.index.json</c> with its shards, <c>pytorch_model.bin</c> and
    /// <c>pytorch_model.bin.index.json</c> with its shards; where there is none of them, the encoder and decoder of an ONNX folder as Optimum, transformers.js
    /// and Sightline lay it out (<c>onnx/encoder_model.onnx</c>, <c>onnx/decoder_model_merged.onnx</c>; fp32 before fp16 before 8 bits).
    /// </summary>
    /// <param name="path">A folder, or one such file by any name: <c>.safetensors</c>, <c>.index.json</c>, otherwise a file of <c>torch.save</c>.</param>
    /// <returns>The tensors; to be disposed when they have been copied.</returns>
    /// <exception cref="CheckpointException">There is none of these files, or one is damaged, or shards or tensors are missing.</exception>
    public static TensorSource Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (File.Exists(path))
            return OpenFile(path);
        if (!Directory.Exists(path))
            throw new CheckpointException($"{MessageText.Clean(path)}: no such folder or file; the folder of a checkpoint was expected.");
        foreach (var candidate in s_candidates)
        {
            var file = Path.Combine(path, candidate);
            if (File.Exists(file))
                return OpenFile(file);
        }

        if (OnnxCheckpoint.FindFiles(path) is { } files)
            return OnnxCheckpoint.Open(path, files);
        throw new CheckpointException($"{path}: no weights here; looked for {string.Join(", ", s_candidates)} and ONNX files (onnx/encoder_model.onnx); the folder holds {Content(path)}.");
    }

    private static TensorSource OpenFile(string path)
    {
        if (path.EndsWith(IndexSuffix, StringComparison.OrdinalIgnoreCase))
            return ShardedCheckpoint.Open(path, OpenFile);
        return path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase) ? SafetensorsFile.Open(path) : PyTorchFile.Open(path);
    }

    private static string Content(string folder)
    {
        try
        {
            var names = Directory.EnumerateFileSystemEntries(folder).Take(1000).Select(entry => Path.GetFileName(entry)).Order(StringComparer.Ordinal).ToList();
            return names.Count == 0 ? "nothing" : MessageText.List(names, 20);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"what cannot be listed ({MessageText.Clean(e.Message)})";
        }
    }
}
