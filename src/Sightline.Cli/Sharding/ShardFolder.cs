using System.Globalization;

namespace Sightline.Cli.Sharding;

/// <summary>Where the results of the parts of a set are: one folder, three files a part.</summary>
/// <param name="Path">The folder.</param>
internal readonly record struct ShardFolder(string Path)
{
    private const string Prefix = "captions-", Of = "-of-", ResultsEnd = ".jsonl", PartialEnd = ".partial.jsonl", RecordEnd = ".meta.json";

    /// <summary>The results of a finished part.</summary>
    public string Results(Shard shard) => At(shard, ResultsEnd);

    /// <summary>The results so far of a part that is not finished.</summary>
    public string Partial(Shard shard) => At(shard, PartialEnd);

    /// <summary>What a finished part was made of.</summary>
    public string Record(Shard shard) => At(shard, RecordEnd);

    /// <summary>The parts that have a file here, finished or not.</summary>
    public IReadOnlyList<Shard> Shards() =>
    [
        .. Directory.EnumerateFiles(Path, $"{Prefix}*").Select(file => Parse(System.IO.Path.GetFileName(file))).OfType<Shard>()
            .Distinct().OrderBy(shard => shard.Count).ThenBy(shard => shard.Index),
    ];

    private static Shard? Parse(string name)
    {
        var end = new[] { PartialEnd, RecordEnd, ResultsEnd }.FirstOrDefault(end => name.EndsWith(end, StringComparison.Ordinal));
        return end is null ? null : Shard.TryParse(name[Prefix.Length..^end.Length].Replace(Of, "/", StringComparison.Ordinal));
    }

    private string At(Shard shard, string end) =>
        System.IO.Path.Combine(Path, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{shard.Index:D5}{Of}{shard.Count:D5}{end}"));
}
