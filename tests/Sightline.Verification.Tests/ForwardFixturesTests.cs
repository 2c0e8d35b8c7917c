using Sightline.Verification.Kinds;
using Xunit;

namespace Sightline.Verification.Tests;

public sealed class ForwardFixturesTests
{
    public static TheoryData<string> Files() => FixtureRuns.Files("forward", "*.json");

    [Theory]
    [MemberData(nameof(Files))]
    public void Forward_GoldenFile_LiesWithinItsTolerance(string file)
    {
        var result = FixtureRuns.Single(new ForwardFixtures(), file);
        Assert.True(result.Outcome == FixtureOutcome.Pass, result.Detail);
    }
}
