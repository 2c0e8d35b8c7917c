using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sightline.IO;

namespace Sightline.Checkpoints;

/// <summary>Writes the weights of a Hugging Face folder: one file, or shards with an index, named and laid out as Transformers does.</summary>
public static partial class CheckpointWriter
{
    /// <summary>
    /// Writes the weights of a folder. All files are complete on disk before the first one is moved into place; then the weights of an earlier save
    /// that are not part of this one are removed, whatever their format, so that the folder never holds two models.
    /// </summary>
    /// <param name="folder">The folder; made where it does not exist.</param>
    /// <param name="tensors">
    /// The tensors in the order of the state dict. Of tensors with equal memory and shape, a PyTorch file stores one and names all; a safetensors file
    /// keeps only the first name, as Transformers does, and the model ties the others when it loads.
    /// </param>
    /// <param name="options">Format, type and size of shards; null for the defaults.</param>
    /// <exception cref="ConfigurationException">The options cannot be used.</exception>
    /// <exception cref="ArgumentException">A name is used twice or the bytes do not fit a shape.</exception>
    /// <exception cref="CheckpointException">The folder cannot be written; what it held is intact.</exception>
    public static void Save(string folder, IEnumerable<TensorData> tensors, CheckpointSaveOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        options ??= new CheckpointSaveOptions();
        options.Validate();
        var pending = TensorData.Checked(tensors)
            .Select(tensor => new PendingTensor(tensor, FloatConversion.IsFloat(tensor.DType) ? options.DType ?? tensor.DType : tensor.DType))
            .ToList();
        try
        {
            Directory.CreateDirectory(folder);
            using var staged = new StagedFiles(folder);
            var names = new HashSet<string>(StringComparer.Ordinal);
            if (options.Format.HasFlag(CheckpointFormat.Safetensors))
                Stage(staged, names, WithoutShared(pending), options.MaxShardBytes, Checkpoint.SafetensorsName, (stream, _, shard) => SafetensorsWriter.Write(stream, shard, SafetensorsWriter.DefaultMetadata));
            if (options.Format.HasFlag(CheckpointFormat.PyTorchBin))
                Stage(staged, names, pending, options.MaxShardBytes, Checkpoint.PyTorchName, (stream, name, shard) => PyTorchWriter.Write(stream, PyTorchWriter.ArchiveName(name), shard));
            staged.Commit();
            foreach (var stale in Directory.EnumerateFiles(folder).Where(file => IsWeightFile(Path.GetFileName(file)) && !names.Contains(Path.GetFileName(file))).ToList())
                File.Delete(stale);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{folder}: the weights cannot be written ({MessageText.Clean(e.Message)})", e);
        }
    }

    /// <summary>The name of a shard, e.g. <c>model-00001-of-00004.safetensors</c>.</summary>
    internal static string ShardName(string single, int index, int count) =>
        count == 1 ? single : $"{Path.GetFileNameWithoutExtension(single)}-{index + 1:00000}-of-{count:00000}{Path.GetExtension(single)}";

    private static void Stage(StagedFiles staged, HashSet<string> names, List<PendingTensor> tensors, long maxBytes, string single, Action<Stream, string, List<PendingTensor>> write)
    {
        var shards = Split(tensors, maxBytes);
        var map = new JsonObject();
        for (var i = 0; i < shards.Count; i++)
        {
            var (shard, name) = (shards[i], ShardName(single, i, shards.Count));
            staged.Write(name, stream => write(stream, name, shard));
            names.Add(name);
            foreach (var tensor in shard)
                map[tensor.Name] = name;
        }

        if (shards.Count == 1)
            return;
        var total = tensors.DistinctBy(tensor => tensor.ShareKey).Sum(tensor => tensor.Length);
        var index = new JsonObject { ["metadata"] = new JsonObject { ["total_size"] = total }, ["weight_map"] = map };
        names.Add(single + Checkpoint.IndexSuffix);
        staged.Write(single + Checkpoint.IndexSuffix, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(PythonJson.Serialize(index, sortKeys: true) + "\n")));
    }

    // Transformers' shard_checkpoint: tensors in order, a new shard when the next one would pass the limit; shared tensors stay together.
    private static List<List<PendingTensor>> Split(List<PendingTensor> tensors, long maxBytes)
    {
        var shards = new List<List<PendingTensor>> { new() };
        var homes = new Dictionary<object, List<PendingTensor>>();
        var size = 0L;
        foreach (var tensor in tensors)
        {
            if (homes.TryGetValue(tensor.ShareKey, out var home))
            {
                home.Add(tensor);
                continue;
            }

            if (size + tensor.Length > maxBytes && shards[^1].Count > 0)
            {
                shards.Add([]);
                size = 0;
            }

            shards[^1].Add(tensor);
            size += tensor.Length;
            homes.Add(tensor.ShareKey, shards[^1]);
        }

        return shards;
    }

    private static List<PendingTensor> WithoutShared(List<PendingTensor> tensors) =>
        [.. tensors.DistinctBy(tensor => (tensor.ShareKey, string.Join(',', tensor.Shape)))];

    /// <summary>Whether a file is named as the weights of a checkpoint, a shard or an index of shards.</summary>
    internal static bool IsWeightFile(string name) => WeightFile().IsMatch(name);

    [GeneratedRegex(@"^(model(-\d{5}-of-\d{5})?\.safetensors|pytorch_model(-\d{5}-of-\d{5})?\.bin|(model\.safetensors|pytorch_model\.bin)\.index\.json)$", RegexOptions.CultureInvariant)]
    private static partial Regex WeightFile();
}
