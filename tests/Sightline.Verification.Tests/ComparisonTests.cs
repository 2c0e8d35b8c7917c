using Xunit;

namespace Sightline.Verification.Tests;

public sealed class ComparisonTests
{
    private static readonly Tolerance s_tolerance = Tolerance.Parse("abs 1e-3 + rel 1e-2 (why)");

    [Theory]
    [InlineData("abs 5e-5 + rel 1e-5 (a re-implementation, rel 9)", 5e-5, 1e-5)]
    [InlineData("abs 4e-6", 4e-6, 0)]
    [InlineData("the -inf pattern exact, finite values abs 1e-6 (float32 division)", 1e-6, 0)]
    [InlineData("rel 5e-5", 0, 5e-5)]
    public void Parse_WordsOfAFile_GivesTheNumbers(string text, double absolute, double relative)
    {
        var tolerance = Tolerance.Parse(text);
        Assert.Equal((absolute, relative), (tolerance.Absolute, tolerance.Relative));
    }

    [Fact]
    public void Parse_NoNumber_IsRefused() => Assert.Throws<ConfigurationException>(() => Tolerance.Parse("close enough (abs 1)"));

    [Theory]
    [InlineData(1f, 1.0105f, FixtureOutcome.Pass)]
    [InlineData(1f, 1.0115f, FixtureOutcome.Fail)]
    [InlineData(1f, float.NaN, FixtureOutcome.Fail)]
    [InlineData(float.NaN, 1f, FixtureOutcome.Fail)]
    [InlineData(float.NegativeInfinity, -1e38f, FixtureOutcome.Fail)]
    [InlineData(1f, float.PositiveInfinity, FixtureOutcome.Fail)]
    [InlineData(float.NegativeInfinity, float.NegativeInfinity, FixtureOutcome.Pass)]
    [InlineData(float.NaN, float.NaN, FixtureOutcome.Pass)]
    public void Close_Values_AreJudgedByTheTolerance(float expected, float actual, FixtureOutcome outcome)
    {
        var comparison = new Comparison("kind", "file");
        comparison.Close("x", [0f, expected], [0f, actual], s_tolerance);
        Assert.Equal(outcome, comparison.Result().Outcome);
    }

    [Fact]
    public void Close_OtherLength_Fails()
    {
        var comparison = new Comparison("kind", "file");
        comparison.Close("x", [1f, 2f], [1f], s_tolerance);
        Assert.Contains("x has 1 values instead of 2", comparison.Result().Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Equal_OtherSequence_NamesTheFirstDifference()
    {
        var comparison = new Comparison("kind", "file");
        comparison.Equal<int>("ids", [1, 2, 3], [1, 2]);
        comparison.Equal<int>("same", [1], [1]);
        var result = comparison.Result();
        Assert.Equal(FixtureOutcome.Fail, result.Outcome);
        Assert.Contains("ids[2] is missing instead of 3", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Result_NothingCompared_Fails()
    {
        var comparison = new Comparison("kind", "file");
        comparison.Skip("everything");
        Assert.Equal(FixtureOutcome.Fail, comparison.Result().Outcome);
    }

    [Fact]
    public void Result_LargestDifference_IsReported()
    {
        var comparison = new Comparison("kind", "file");
        comparison.Close("near", [1f], [1.001f], s_tolerance);
        comparison.Close("far", [1f], [1.005f], s_tolerance);
        var result = comparison.Result();
        Assert.Equal(0.005, result.LargestDifference!.Value, 1e-4);
        Assert.Contains("largest at far", result.Detail, StringComparison.Ordinal);
    }
}
