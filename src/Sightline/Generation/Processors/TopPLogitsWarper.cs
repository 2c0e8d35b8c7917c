namespace Sightline.Generation;

/// <summary>
/// Nucleus sampling (Holtzman et al. 2019): keeps the most likely tokens up to and including the one whose cumulative probability exceeds p.
/// Where equal scores lie on both sides of the edge, those stay that torch's sort puts first (descending in 4.17) or last (ascending in 4.31).
/// </summary>
/// <param name="topP">p, from 0 to 1.</param>
/// <param name="minTokensToKeep">At least so many are kept.</param>
/// <param name="compatibility">Whose ties.</param>
public sealed class TopPLogitsWarper(double topP, int minTokensToKeep = 1, Compatibility compatibility = Compatibility.Transformers417) : ILogitsProcessor
{
    private readonly VocabularySort _sort = new();
    private readonly SortedProbabilities _probabilities = new();

    /// <inheritdoc/>
    public void Process(GenerationContext context, Span<float> scores)
    {
        var descending = compatibility == Compatibility.Transformers417;
        var keys = _sort.Sort(scores, descending);
        var removed = Removed(scores, keys, descending);
        if (removed.End.Value > removed.Start.Value && SplitsTie(keys, descending ? removed.Start.Value : removed.End.Value))
        {
            keys = _sort.SortAsTorch(scores, descending);
            removed = Removed(scores, keys, descending);
        }

        foreach (var key in keys[removed])
            scores[VocabularySort.Token(key)] = float.NegativeInfinity;
    }

    private static bool SplitsTie(ReadOnlySpan<ulong> keys, int edge) =>
        edge > 0 && edge < keys.Length && VocabularySort.Ties(keys[edge - 1], keys[edge]);

    // The positions in the sorted order that go.
    private Range Removed(ReadOnlySpan<float> scores, ReadOnlySpan<ulong> keys, bool descending)
    {
        var cumulative = _probabilities.Cumulative(scores, keys);
        var keep = Math.Min(Math.Max(minTokensToKeep, 1), keys.Length);
        if (descending)
        {
            // A token goes when the sum before it is already above p.
            var first = keep;
            while (first < keys.Length && cumulative[first - 1] <= (float)topP)
                first++;
            return first..keys.Length;
        }

        var end = 0;
        while (end < keys.Length - keep && cumulative[end] <= (float)(1 - topP))
            end++;
        return ..end;
    }
}
