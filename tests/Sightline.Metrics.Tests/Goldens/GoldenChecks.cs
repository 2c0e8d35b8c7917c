using Sightline.Verification.Goldens;
using Xunit;

namespace Sightline.Metrics.Tests.Goldens;

/// <summary>Turns what a comparison found into the verdict of a test.</summary>
internal static class GoldenChecks
{
    /// <summary>Fails the test with the place of the difference.</summary>
    public static void Check(this GoldenResult result) =>
        Assert.True(result.Passed, $"{result.Compared} compared, largest difference {result.LargestDifference:R} (allowed {result.Tolerance:R}): {result.Worst}");
}
