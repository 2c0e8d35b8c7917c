namespace Sightline.Metrics.Scoring;

/// <summary>The different n-grams of one caption, by order, in the order in which they first occur, with how often each does.</summary>
internal sealed class NgramCounts(int words)
{
    private readonly int[][] _ids = new int[NgramVocabulary.MaxOrder][];
    private readonly int[][] _counts = new int[NgramVocabulary.MaxOrder][];
    private readonly int[][] _sortedIds = new int[NgramVocabulary.MaxOrder][];
    private readonly int[][] _sortedPositions = new int[NgramVocabulary.MaxOrder][];

    /// <summary>The number of words.</summary>
    public int Words { get; } = words;

    /// <summary>The number of n-grams of <paramref name="order"/> + 1 words, repetitions included.</summary>
    public int Total(int order) => Math.Max(0, Words - order);

    public ReadOnlySpan<int> Ids(int order) => _ids[order];

    public ReadOnlySpan<int> Counts(int order) => _counts[order];

    /// <summary>Where an n-gram stands in <see cref="Ids"/>, or -1.</summary>
    public int Find(int order, int id)
    {
        var position = Array.BinarySearch(_sortedIds[order], id);
        return position < 0 ? -1 : _sortedPositions[order][position];
    }

    public void Set(int order, int[] ids, int[] counts)
    {
        _ids[order] = ids;
        _counts[order] = counts;
        _sortedIds[order] = [.. ids];
        _sortedPositions[order] = [.. Enumerable.Range(0, ids.Length)];
        Array.Sort(_sortedIds[order], _sortedPositions[order]);
    }
}
