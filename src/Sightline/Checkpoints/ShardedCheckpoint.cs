using System.Text.Json.Nodes;
using Sightline.IO;

namespace Sightline.Checkpoints;

/// <summary>
/// A checkpoint in several files, as an index (<c>{"metadata": …, "weight_map": {tensor: file}}</c>) names them. As in Transformers, a tensor that a
/// shard holds without being in the index counts too.
/// </summary>
internal sealed class ShardedCheckpoint : TensorSource
{
    private readonly List<TensorSource> _shards = [];
    private readonly Dictionary<string, TensorSource> _owners = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TensorInfo> _tensors = new(StringComparer.Ordinal);

    private ShardedCheckpoint()
    {
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, TensorInfo> Tensors => _tensors;

    /// <summary>Opens an index and every shard that it names.</summary>
    /// <param name="indexPath">The index; the shards lie beside it.</param>
    /// <param name="openShard">Opens one shard.</param>
    /// <exception cref="CheckpointException">The index is damaged, names files outside its folder, or shards or tensors are missing: all are listed.</exception>
    public static ShardedCheckpoint Open(string indexPath, Func<string, TensorSource> openShard)
    {
        var map = ReadMap(indexPath);
        var folder = Path.GetDirectoryName(indexPath) ?? "";
        var names = map.Values.Distinct().Order(StringComparer.Ordinal).ToList();
        var missing = names.Where(name => !File.Exists(Path.Combine(folder, name))).ToList();
        if (missing.Count > 0)
            throw new CheckpointException($"{indexPath}: {missing.Count} of {names.Count} shards are missing: {MessageText.List(missing, 50)}.");
        var result = new ShardedCheckpoint();
        try
        {
            foreach (var name in names)
                result.Add(openShard(Path.Combine(folder, name)), name, map);
            var lost = map.Where(pair => !result._owners.ContainsKey(pair.Key)).Select(pair => $"{pair.Key} ({pair.Value})").ToList();
            if (lost.Count > 0)
                throw new CheckpointException($"{indexPath}: {lost.Count} tensors are not in the shards that should hold them: {MessageText.List(lost, 50)}.");
            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> GetMemory(string name)
    {
        Find(name);
        return _owners[name].GetMemory(name);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (var shard in _shards)
            shard.Dispose();
    }

    private void Add(TensorSource shard, string shardName, Dictionary<string, string> map)
    {
        _shards.Add(shard);
        foreach (var (name, info) in shard.Tensors)
        {
            if (map.TryGetValue(name, out var owner) && owner != shardName)
                continue;
            _owners[name] = shard;
            _tensors[name] = info;
        }
    }

    internal static Dictionary<string, string> ReadMap(string indexPath)
    {
        JsonObject index;
        try
        {
            index = JsonFile.ReadObject(indexPath);
        }
        catch (ConfigurationException e)
        {
            throw new CheckpointException(MessageText.Clean(e.Message), e);
        }

        if (index["weight_map"] is not JsonObject { Count: > 0 } weights)
            throw new CheckpointException($"{indexPath}: 'weight_map' is missing, empty or not an object from tensor names to files.");
        var map = new Dictionary<string, string>(weights.Count, StringComparer.Ordinal);
        var bad = new List<string>();
        foreach (var (tensor, node) in weights)
        {
            if (node is JsonValue value && value.TryGetValue<string>(out var file) && IsPlainFileName(file))
                map[tensor] = file;
            else
                bad.Add($"{tensor}: {node?.ToJsonString() ?? "null"}");
        }

        if (bad.Count > 0)
            throw new CheckpointException($"{indexPath}: {bad.Count} entries of 'weight_map' do not name a file in the same folder: {MessageText.List(bad)}.");
        return map;
    }

    // A weight file beside the index, and not another index, which could name itself.
    private static bool IsPlainFileName(string name) =>
        name.Length is > 0 and < 256
        && name.AsSpan().IndexOfAny("/\\:\0") < 0
        && name is not "." and not ".."
        && !name.EndsWith(Checkpoint.IndexSuffix, StringComparison.OrdinalIgnoreCase);
}
