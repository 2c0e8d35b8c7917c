using System.Globalization;

namespace Sightline.Cli.Sharding;

/// <summary>One of several equal parts of a set: every <see cref="Count"/>-th picture, beginning with number <see cref="Index"/>.</summary>
/// <param name="Index">From 0 to Count - 1.</param>
/// <param name="Count">How many parts there are, at least 1.</param>
internal readonly record struct Shard(int Index, int Count)
{
    /// <summary>The most parts a set can have.</summary>
    public const int MostCount = 1_000_000;

    /// <summary>Reads <c>i/n</c>; null if it is none, or i is not below n.</summary>
    public static Shard? TryParse(string text) =>
        text.Split('/') is [var index, var count] && TryNumber(index, out var i) && TryNumber(count, out var n) && i < n && n <= MostCount ? new Shard(i, n) : null;

    /// <summary>Whether the picture at this position of the set belongs to the part.</summary>
    public bool Takes(long position) => position % Count == Index;

    /// <inheritdoc/>
    public override string ToString() => $"{Index}/{Count}";

    private static bool TryNumber(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
