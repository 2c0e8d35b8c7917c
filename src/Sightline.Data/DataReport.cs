namespace Sightline.Data;

/// <summary>What was left out of a data set, and why.</summary>
/// <param name="SkippedImages">One line for each picture left out.</param>
/// <param name="SkippedEntries">One line for each faulty entry left out; captions of pictures left out are not counted here.</param>
/// <param name="FilteredCaptions">How many captions the flag options removed.</param>
public sealed record DataReport(IReadOnlyList<string> SkippedImages, IReadOnlyList<string> SkippedEntries, int FilteredCaptions)
{
    /// <summary>Nothing was left out.</summary>
    public static DataReport Empty { get; } = new([], [], 0);

    /// <summary>Plain lines for a person: the counts, then the first faults of each sort.</summary>
    /// <param name="most">How many faults of each sort are listed.</param>
    public IEnumerable<string> ToLines(int most = 5)
    {
        if (FilteredCaptions > 0)
            yield return $"{FilteredCaptions} captions left out by the flag options.";
        foreach (var (what, lines) in new[] { ("pictures", SkippedImages), ("entries", SkippedEntries) })
        {
            if (lines.Count == 0)
                continue;
            yield return $"{lines.Count} {what} left out because of faults{(lines.Count > most ? $"; the first {most}" : "")}:";
            foreach (var line in lines.Take(most))
                yield return $"  {line}";
        }
    }
}
