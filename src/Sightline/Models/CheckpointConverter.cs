using System.Text.Json.Nodes;
using Sightline.Checkpoints;
using Sightline.Configuration;
using Sightline.Generation;
using Sightline.Imaging;
using Sightline.IO;
using Sightline.Kernels;

namespace Sightline.Models;

/// <summary>Rewrites a checkpoint folder: another number type, file format or size of shards. Transformers loads the result as it loads the source.</summary>
public static class CheckpointConverter
{
    private const float LeastThatOverflowsHalf = 65520; // halfway between the largest half, 65504, and the next step

    private static readonly string[] s_tokenizerFiles = ["vocab.json", "merges.txt", "tokenizer.json", "added_tokens.json", "special_tokens_map.json", "tokenizer_config.json"];

    private static readonly string[] s_dtypeKeys = ["dtype", "torch_dtype"];

    /// <summary>
    /// Writes the checkpoint into another folder. Everything is complete beside the target before the target changes: a new or empty one appears with one
    /// rename; in one that is overwritten the files of the old checkpoint are replaced one by one and others are left alone.
    /// </summary>
    /// <remarks>
    /// Names are kept, without the prefixes of wrappers; mask buffers and tensors the model does not use are dropped. A tied <c>lm_head</c> is written as
    /// Hugging Face does: not in safetensors files, a second name in PyTorch files. Tokenizer files are copied. Missing generation and processor
    /// settings are written as their defaults.
    /// </remarks>
    /// <param name="folder">The checkpoint.</param>
    /// <param name="output">The new folder.</param>
    /// <param name="options">Number type, format and size of shards; null for the defaults.</param>
    /// <param name="overwrite">Allows a target that is not empty.</param>
    /// <param name="cancellationToken">Checked between the steps; what was written is removed.</param>
    /// <exception cref="ConfigurationException">A configuration file cannot be used, or the target cannot be taken.</exception>
    /// <exception cref="CheckpointException">Weights are missing, damaged, do not fit config.json or the number type, or cannot be written.</exception>
    public static CheckpointConversion Convert(string folder, string output, CheckpointSaveOptions? options = null, bool overwrite = false, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentException.ThrowIfNullOrEmpty(output);
        options ??= new CheckpointSaveOptions();
        options.Validate();
        CheckTarget(folder, output, overwrite);
        var config = VisionEncoderDecoderConfig.Load(folder);
        using var source = OpenPlain(folder);
        var match = TensorMatch.Create(config, source);
        match.ThrowIfIncomplete(folder);
        var tensors = Tensors(config, source, match, options);
        var dropped = match.Buffers.Concat(match.Surplus).Select(tensor => tensor.Name).ToList();
        return Write(folder, output, config, options.DType, dropped, temporary => CheckpointWriter.Save(temporary, tensors, options), cancellationToken);
    }

    /// <summary>
    /// Writes a checkpoint for Sightline alone, its linear layers rounded and laid out as they are used: one <c>model.safetensors</c> that is mapped
    /// into memory with nothing left to do. Other files are handled as by <see cref="Convert"/>; the folder appears with one rename.
    /// </summary>
    /// <param name="folder">The checkpoint.</param>
    /// <param name="output">The new folder.</param>
    /// <param name="format"><see cref="WeightFormat.Int8"/> or <see cref="WeightFormat.Int4"/>.</param>
    /// <param name="overwrite">Allows a target that is not empty.</param>
    /// <param name="cancellationToken">Checked between the steps; what was written is removed.</param>
    /// <exception cref="ConfigurationException">A configuration file or the format cannot be used, or the target cannot be taken.</exception>
    /// <exception cref="CheckpointException">Weights are missing, damaged, do not fit config.json, or cannot be written.</exception>
    public static CheckpointConversion Pack(string folder, string output, WeightFormat format, bool overwrite = false, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentException.ThrowIfNullOrEmpty(output);
        if (format is not (WeightFormat.Int8 or WeightFormat.Int4))
            throw new ConfigurationException($"format is {format}; {WeightFormat.Int8} or {WeightFormat.Int4} was expected.");
        CheckTarget(folder, output, overwrite);
        var config = VisionEncoderDecoderConfig.Load(folder);
        using var source = OpenPlain(folder);
        var binder = new PackingBinder(source, format);
        VisionEncoderDecoderModel.Bind(config, binder, new ReferenceKernels());
        binder.ThrowIfFaulty(folder);
        return Write(folder, output, config, null, [.. binder.Surplus], temporary =>
        {
            Directory.CreateDirectory(temporary);
            AtomicFile.Write(Path.Combine(temporary, Checkpoint.SafetensorsName), stream =>
                SafetensorsWriter.Write(stream, PendingTensor.Keep(binder.Tensors), PackedCheckpoint.Metadata(format), TensorDType.U8));
        }, cancellationToken);
    }

    private static TensorSource OpenPlain(string folder)
    {
        var source = Checkpoint.Open(folder);
        try
        {
            return PackedCheckpoint.FormatOf(source) is not { } format
                ? source
                : throw new ConfigurationException($"{folder}: converted to {PackedCheckpoint.Name(format)} already; convert the original checkpoint.");
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    private static CheckpointConversion Write(string folder, string output, VisionEncoderDecoderConfig config, TensorDType? dtype, IReadOnlyList<string> dropped,
        Action<string> save, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(output));
        var temporary = $"{target}.{Environment.ProcessId}.{Guid.NewGuid():N}.tmp";
        try
        {
            save(temporary);
            cancellationToken.ThrowIfCancellationRequested();
            WriteSettings(folder, temporary, config, dtype);
            var files = new DirectoryInfo(temporary).GetFiles().OrderBy(file => file.Name, StringComparer.Ordinal).Select(file => (file.Name, file.Length)).ToList();
            MoveInto(target, temporary);
            return new CheckpointConversion
            {
                Files = files,
                DroppedTensors = dropped,
                OtherFiles = [.. new DirectoryInfo(folder).GetFiles().Select(file => file.Name).Where(name => !IsCheckpointFile(name)).Order(StringComparer.Ordinal)],
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{output}: the checkpoint cannot be written ({MessageText.Clean(e.Message)})", e);
        }
        finally
        {
            if (Directory.Exists(temporary))
                Directory.Delete(temporary, recursive: true);
        }
    }

    private static void CheckTarget(string folder, string output, bool overwrite)
    {
        if (File.Exists(output))
            throw new ConfigurationException($"{output}: a file; a new folder was expected.");
        if (!Directory.Exists(output))
            return;
        if (SameFolder(folder, output))
            throw new ConfigurationException($"{output}: the folder of the checkpoint itself; name another one.");
        if (!overwrite && Directory.EnumerateFileSystemEntries(output).Any())
            throw new ConfigurationException($"{output}: the folder is not empty; name a new one, or allow its checkpoint to be replaced (--force).");
    }

    private static bool SameFolder(string a, string b)
    {
        static string Resolve(string path)
        {
            var info = new DirectoryInfo(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
            return (info.ResolveLinkTarget(returnFinalTarget: true) ?? info).FullName;
        }

        return string.Equals(Resolve(a), Resolve(b), OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);
    }

    private static List<TensorData> Tensors(VisionEncoderDecoderConfig config, TensorSource source, TensorMatch match, CheckpointSaveOptions options)
    {
        var tensors = new List<TensorData>();
        foreach (var (parameter, stored) in match.Found)
        {
            if (options.DType == TensorDType.F16)
                CheckFitsHalf(source, stored);
            var tensor = source.Read(stored.Name) with { Name = parameter.Name };
            // An untied head that only the embeddings give values to needs its own memory, or safetensors would drop it as shared.
            tensors.Add(parameter.Name == TensorMatch.HeadName && WeightNames.Normalize(stored.Name) != TensorMatch.HeadName
                ? tensor with { Bytes = tensor.Bytes.ToArray() }
                : tensor);
        }

        if (config.Decoder.TieWordEmbeddings)
            tensors.Add(tensors.Single(tensor => tensor.Name == TensorMatch.EmbeddingName) with { Name = TensorMatch.HeadName });
        return tensors;
    }

    private static void CheckFitsHalf(TensorSource source, TensorInfo tensor)
    {
        if (tensor.DType is TensorDType.F32 or TensorDType.F64 or TensorDType.BF16)
            CheckFitsHalf(tensor, source.ReadSingles(tensor.Name));
    }

    /// <exception cref="CheckpointException">A value becomes infinite in 16 bits.</exception>
    internal static void CheckFitsHalf(TensorInfo tensor, ReadOnlySpan<float> values)
    {
        foreach (var value in values)
        {
            if (float.IsFinite(value) && Math.Abs(value) >= LeastThatOverflowsHalf)
                throw new CheckpointException($"{tensor.File}: tensor '{tensor.Name}' holds {value:G6}, more than fp16 can (65504); choose bf16 or fp32.");
        }
    }

    private static void WriteSettings(string folder, string target, VisionEncoderDecoderConfig config, TensorDType? dtype)
    {
        var json = (JsonObject)config.Json.DeepClone();
        if (dtype is { } type)
            NameDType(json, type);
        (config with { Json = json }).Save(target);
        foreach (var name in s_tokenizerFiles.Append(GenerationConfig.FileName).Append(ImageProcessorConfig.FileName).Append(ImageProcessorConfig.NestedFileName))
        {
            var file = Path.Combine(folder, name);
            if (File.Exists(file))
                File.Copy(file, Path.Combine(target, name));
        }

        if (!File.Exists(Path.Combine(target, GenerationConfig.FileName)))
            GenerationConfig.FromModelConfig(json).Save(target);
        if (!File.Exists(Path.Combine(target, ImageProcessorConfig.FileName)) && !File.Exists(Path.Combine(target, ImageProcessorConfig.NestedFileName)))
            new ImageProcessorConfig { Size = new ImageSize(config.Encoder.ImageSize, config.Encoder.ImageSize) }.Save(target);
    }

    // Transformers 5 calls the key "dtype"; parts that name a type of their own would contradict the top level.
    private static void NameDType(JsonObject config, TensorDType dtype)
    {
        var name = dtype switch { TensorDType.F16 => "float16", TensorDType.BF16 => "bfloat16", _ => "float32" };
        config[config.ContainsKey("dtype") && !config.ContainsKey("torch_dtype") ? "dtype" : "torch_dtype"] = name;
        foreach (var part in new[] { config["encoder"], config["decoder"] }.OfType<JsonObject>())
        {
            foreach (var key in s_dtypeKeys.Where(key => part[key] is not null))
                part[key] = name;
        }
    }

    private static void MoveInto(string target, string temporary)
    {
        if (!Directory.Exists(target) || !Directory.EnumerateFileSystemEntries(target).Any())
        {
            if (Directory.Exists(target))
                Directory.Delete(target);
            Directory.Move(temporary, target);
            return;
        }

        var names = new DirectoryInfo(temporary).GetFiles().Select(file => file.Name).ToHashSet();
        foreach (var name in names.Order(StringComparer.Ordinal))
            File.Move(Path.Combine(temporary, name), Path.Combine(target, name), overwrite: true);
        foreach (var stale in new DirectoryInfo(target).GetFiles().Where(file => IsCheckpointFile(file.Name) && !names.Contains(file.Name)))
            stale.Delete();
    }

    private static bool IsCheckpointFile(string name) =>
        CheckpointWriter.IsWeightFile(name) || s_tokenizerFiles.Contains(name)
        || name is VisionEncoderDecoderConfig.FileName or GenerationConfig.FileName or ImageProcessorConfig.FileName or ImageProcessorConfig.NestedFileName;
}
