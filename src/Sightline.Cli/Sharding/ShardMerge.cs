using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Sightline.Cli.IO;
using Sightline.IO;

namespace Sightline.Cli.Sharding;

/// <summary>The results of all parts as one, in the order of the set; given only if every picture has exactly one.</summary>
internal sealed class ShardMerge(ShardFolder folder)
{
    private const int MostFaults = 8;

    private IReadOnlyList<Shard> _shards = [];

    /// <summary>Pictures of the set.</summary>
    public long Pictures { get; private set; }

    /// <summary>Pictures with an error instead of a caption.</summary>
    public long Errors { get; private set; }

    /// <summary>Goes through every result once.</summary>
    /// <exception cref="ConfigurationException">Something is missing, there twice, or of another run; all faults in one line.</exception>
    public void Check()
    {
        if (!Directory.Exists(folder.Path))
            throw new ConfigurationException($"{folder.Path}: no such folder; one that 'sightline caption --out' has written was expected.");
        _shards = folder.Shards();
        if (_shards.Count == 0)
            throw new ConfigurationException($"{folder.Path}: holds no results; a folder that 'sightline caption --out' has written was expected.");
        if (_shards.Any(shard => shard.Count != _shards[0].Count))
            throw new ConfigurationException($"{folder.Path}: holds results of {string.Join(" and of ", _shards.Select(shard => shard.Count).Distinct())} parts; keep those of one run.");
        var records = Enumerable.Range(0, _shards[0].Count).Select(i => new Shard(i, _shards[0].Count)).Select(shard => (Shard: shard, Record: Finished(shard))).ToList();
        var missing = records.Where(each => each.Record is null).Select(each => each.Shard.ToString()).ToList();
        if (missing.Count > 0)
            throw new ConfigurationException($"{folder.Path}: {missing.Count} of {records.Count} parts are not finished: {Some(missing)}; run them again.");
        _shards = [.. records.Select(each => each.Shard)];
        var first = records[0].Record!;
        var differing = records.Where(each => each.Record!.Settings != first.Settings || each.Record.Input != first.Input).Select(each => each.Shard.ToString()).ToList();
        if (differing.Count > 0)
            throw new ConfigurationException($"{folder.Path}: parts of other pictures or other settings than part 0: {Some(differing)}; run every part again, which makes only what is missing.");
        CheckLines(records.Select(each => (each.Shard, each.Record!)));
        if (Pictures != first.Total)
            throw new ConfigurationException($"{folder.Path}: the parts have {Pictures} results; the set has {first.Total} pictures.");
    }

    /// <summary>Every line, in the order of the set; <see cref="Check"/> comes first.</summary>
    /// <param name="write">Takes a line without its end.</param>
    public void Write(Action<ReadOnlySpan<byte>> write)
    {
        var streams = _shards.Select(Open).ToList();
        try
        {
            var readers = streams.Zip(_shards, (stream, shard) => new LineReader(stream, folder.Results(shard), LineJournal.MostLineBytes)).ToList();
            for (long i = 0; i < Pictures; i++) // part i holds every n-th picture from number i on
            {
                var reader = readers[(int)(i % readers.Count)];
                write(reader.TryRead(out var line) ? line : throw new ConfigurationException($"{folder.Path}: changed while it was read."));
            }
        }
        finally
        {
            streams.ForEach(stream => stream.Dispose());
        }
    }

    private static string Some(List<string> names) => string.Join(", ", names.Take(MostFaults)) + (names.Count > MostFaults ? ", …" : "");

    private ShardRecord? Finished(Shard shard) =>
        File.Exists(folder.Results(shard)) && !File.Exists(folder.Partial(shard)) ? ShardRecord.Load(folder.Record(shard)) : null;

    private void CheckLines(IEnumerable<(Shard Shard, ShardRecord Record)> parts)
    {
        var known = new HashSet<UInt128>();
        var (repeats, twice) = (0L, new List<string>());
        foreach (var (shard, record) in parts)
        {
            var path = folder.Results(shard);
            using var stream = Open(shard);
            var lines = new LineReader(stream, path, LineJournal.MostLineBytes);
            while (lines.TryRead(out var line))
            {
                if (!lines.IsWhole || JsonFile.Parse($"{path}, line {lines.Number}", line) is not JsonObject entry || entry["id"] is not JsonValue value || !value.TryGetValue<string>(out var id))
                    throw new ConfigurationException($"{path}: line {lines.Number} is damaged; delete the file and run part {shard} again.");
                if (!known.Add(Hash(id)) && ++repeats <= MostFaults + 1)
                    twice.Add($"'{id}'");
                Errors += entry.ContainsKey("error") ? 1 : 0;
            }

            if (lines.Number != record.Pictures)
                throw new ConfigurationException($"{path}: {lines.Number} results; the part has {record.Pictures} pictures. Delete the file and run part {shard} again.");
            Pictures += lines.Number;
        }

        if (repeats > 0)
            throw new ConfigurationException($"{folder.Path}: {repeats} pictures have two results: {Some(twice)}; ids must differ.");
    }

    private static UInt128 Hash(string id) => System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(id)));

    private FileStream Open(Shard shard) => new(folder.Results(shard), FileMode.Open, FileAccess.Read, FileShare.Read);
}
