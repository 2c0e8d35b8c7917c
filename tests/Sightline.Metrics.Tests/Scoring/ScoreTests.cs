using Sightline.Metrics.Tests.Goldens;
using Sightline.Tests;
using Sightline.Verification.Goldens;
using Xunit;

namespace Sightline.Metrics.Tests.Scoring;

public sealed class ScoreTests
{
    [Fact]
    public void Score_CocoDemo_EqualsTheOfficialCode() =>
        GoldenChecks.Check(into => ScoreGoldens.Tokenized(into, Fixture.Path("metrics", "scores", "coco_fakecap.json.gz"), Fixture.Path("metrics", "pool")));

    [Fact]
    public void Score_EdgeCases_EqualTheOfficialCode() =>
        GoldenChecks.Check(into => ScoreGoldens.EdgeCases(into, Fixture.Path("metrics", "scores", "edge_cases.json.gz")));

    [Fact]
    public void Run_FlowCases_ScoreOrFailAsTheOfficialCode() =>
        GoldenChecks.Check(into => ScoreGoldens.FlowCases(into, Fixture.Path("metrics", "scores", "flow_cases.json")));

    [Theory]
    [InlineData("vizwiz_demo100", true, true)]
    [InlineData("vizwiz_demo100_unfiltered", false, false)]
    public void Run_VizwizDemo_EqualsTheOfficialCode(string file, bool ignoreRejected, bool ignorePrecanned) =>
        GoldenChecks.Check(into => ScoreGoldens.Flow(into, Fixture.Path("metrics", "scores", $"{file}.json.gz"), Pool.Vizwiz, Pool.Demo100,
            new EvaluationOptions { IgnoreRejected = ignoreRejected, IgnorePrecanned = ignorePrecanned }));

    [Theory]
    [InlineData("vizwiz_v1_perturbed", true)]
    [InlineData("vizwiz_v1_perturbed_keep_precanned", false)]
    public void Run_WholeValidationSet_EqualsTheOfficialCode(string file, bool ignorePrecanned) =>
        GoldenChecks.Check(into => ScoreGoldens.Flow(into, Fixture.Path("metrics", "scores", $"{file}.json.gz"), Pool.Vizwiz, Pool.Perturbed,
            new EvaluationOptions { IgnorePrecanned = ignorePrecanned }));

    [Fact]
    public void Run_PartialResultsInReverse_EqualTheOfficialCode() =>
        GoldenChecks.Check(into => ScoreGoldens.Flow(into, Fixture.Path("metrics", "scores", "vizwiz_v1_partial.json.gz"), Pool.Vizwiz,
            Pool.Partial, new EvaluationOptions()));
}
