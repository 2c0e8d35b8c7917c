using System.Text.Json.Nodes;

namespace Sightline.Data.Statistics;

/// <summary>The counts of one split.</summary>
public sealed record SplitStatistics
{
    /// <summary>The split's name.</summary>
    public required string Name { get; init; }

    /// <summary>Pictures.</summary>
    public required int Images { get; init; }

    /// <summary>Pictures without a caption.</summary>
    public required int ImagesWithoutCaptions { get; init; }

    /// <summary>Pictures that show text.</summary>
    public required int ImagesWithText { get; init; }

    /// <summary>Pictures of which every caption is pre-canned; pictures without captions are not among them.</summary>
    public required int ImagesOnlyPrecanned { get; init; }

    /// <summary>Captions.</summary>
    public required int Captions { get; init; }

    /// <summary>Captions that are VizWiz's sentence for unusable pictures.</summary>
    public required int Precanned { get; init; }

    /// <summary>Captions that VizWiz's reviewers rejected.</summary>
    public required int Rejected { get; init; }

    /// <summary>Different captions.</summary>
    public required int DistinctCaptions { get; init; }

    /// <summary>Captions that repeat one of the same picture word for word.</summary>
    public required int RepeatedWithinImage { get; init; }

    /// <summary>File names that occur for more than one picture.</summary>
    public required int RepeatedFileNames { get; init; }

    /// <summary>The captions' lengths in tokens, without start, end and padding.</summary>
    public required LengthSummary Tokens { get; init; }

    /// <summary>The most frequent captions, most frequent first; equally frequent ones in the order of their code points.</summary>
    public required IReadOnlyList<(string Caption, int Count)> MostFrequent { get; init; }

    /// <summary>What was left out when the split was loaded.</summary>
    public required DataReport Report { get; init; }

    internal JsonObject ToJson() => new()
    {
        ["name"] = Name,
        ["images"] = Images,
        ["images_without_captions"] = ImagesWithoutCaptions,
        ["images_with_text"] = ImagesWithText,
        ["images_only_precanned"] = ImagesOnlyPrecanned,
        ["captions"] = Captions,
        ["precanned"] = Precanned,
        ["rejected"] = Rejected,
        ["distinct_captions"] = DistinctCaptions,
        ["repeated_within_image"] = RepeatedWithinImage,
        ["repeated_file_names"] = RepeatedFileNames,
        ["tokens"] = Tokens.ToJson(),
        ["most_frequent"] = new JsonArray([.. MostFrequent.Select(f => new JsonObject { ["caption"] = f.Caption, ["count"] = f.Count })]),
        ["skipped_images"] = Report.SkippedImages.Count,
        ["skipped_entries"] = Report.SkippedEntries.Count,
        ["filtered_captions"] = Report.FilteredCaptions,
    };

    internal IEnumerable<string> ToLines()
    {
        yield return $"Split {Name}:";
        yield return $"  {Images} pictures, {Captions} captions, {DistinctCaptions} different captions.";
        yield return $"  {ImagesWithoutCaptions} pictures have no caption; {ImagesWithText} show text.";
        yield return $"  {Precanned} captions are pre-canned ({Share(Precanned, Captions)}); {ImagesOnlyPrecanned} pictures have only pre-canned captions.";
        yield return $"  {Rejected} captions are marked as rejected ({Share(Rejected, Captions)}).";
        yield return $"  {RepeatedWithinImage} captions repeat another one of the same picture; {RepeatedFileNames} file names occur more than once.";
        yield return $"  Tokens a caption: mean {Tokens.Mean:0.0}, median {Tokens.Median}, 95 percent at most {Tokens.Percentile95}, longest {Tokens.Longest}.";
        foreach (var (limit, count) in Tokens.Over)
            yield return $"  {count} captions have more than {limit} tokens ({Share(count, Captions)}).";
        if (MostFrequent.Count > 0)
            yield return "  Most frequent captions:";
        foreach (var (caption, count) in MostFrequent)
            yield return $"    {count} times: {caption.ReplaceLineEndings(" ")}";
        foreach (var line in Report.ToLines())
            yield return $"  {line}";
    }

    private static string Share(int part, int whole) => whole == 0 ? "0.0 percent" : $"{100.0 * part / whole:0.0} percent";
}
