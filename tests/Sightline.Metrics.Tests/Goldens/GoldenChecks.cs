using Sightline.Verification;
using Xunit;

namespace Sightline.Metrics.Tests.Goldens;

/// <summary>Turns what a comparison found into the verdict of a test.</summary>
internal static class GoldenChecks
{
    /// <summary>Runs comparisons and fails the test with the place of the first differences.</summary>
    public static void Check(Action<Comparison> compare)
    {
        var comparison = new Comparison("metrics", "golden file");
        compare(comparison);
        var result = comparison.Result();
        Assert.True(result.Outcome == FixtureOutcome.Pass, $"largest difference {result.LargestDifference:R} (allowed {result.Tolerance}): {result.Detail}");
    }
}
