using System.Text.Json.Nodes;

namespace Sightline.Data.Statistics;

/// <summary>The lengths of captions in tokens.</summary>
/// <param name="Mean">The mean; 0 without captions.</param>
/// <param name="Median">Half are at most this long (nearest rank).</param>
/// <param name="Percentile95">95 of 100 are at most this long (nearest rank).</param>
/// <param name="Longest">The longest.</param>
/// <param name="Over">For each limit how many captions are longer.</param>
public sealed record LengthSummary(double Mean, int Median, int Percentile95, int Longest, IReadOnlyList<(int Limit, int Count)> Over)
{
    internal static LengthSummary Of(IEnumerable<int> lengths, IReadOnlyList<int> limits)
    {
        var sorted = lengths.Order().ToArray();
        int Rank(double share) => sorted.Length == 0 ? 0 : sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
        return new LengthSummary(
            sorted.Length == 0 ? 0 : sorted.Average(), Rank(.5), Rank(.95), Rank(1),
            [.. limits.Select(limit => (limit, sorted.Count(length => length > limit)))]);
    }

    internal JsonObject ToJson() => new()
    {
        ["mean"] = Mean,
        ["median"] = Median,
        ["p95"] = Percentile95,
        ["longest"] = Longest,
        ["over"] = new JsonObject(Over.Select(o => KeyValuePair.Create(o.Limit.ToString(), (JsonNode?)JsonValue.Create(o.Count)))),
    };
}
