using Sightline.Tests;
using Xunit;

namespace Sightline.Verification.Tests;

/// <summary>Runs a kind over tests/Fixtures once and hands out its verdicts by file.</summary>
internal static class FixtureRuns
{
    private static readonly Dictionary<string, Dictionary<string, FixtureResult>> s_results = [];
    private static readonly Lock s_lock = new();

    public static TheoryData<string> Files(string kind, string pattern) =>
        [.. Directory.GetFiles(Fixture.Path(kind), pattern).Select(path => $"{kind}/{Path.GetFileName(path)}").Order(StringComparer.Ordinal)];

    public static FixtureResult Single(FixtureKind kind, string file)
    {
        lock (s_lock)
        {
            if (!s_results.TryGetValue(kind.Name, out var results))
                s_results[kind.Name] = results = kind.Run(Fixture.Root).ToDictionary(result => result.File);
            return results[file];
        }
    }
}
