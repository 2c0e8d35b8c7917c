using Sightline.Metrics.Tests.Goldens;
using Sightline.Tests;
using Sightline.Verification.Goldens;
using Xunit;

namespace Sightline.Metrics.Tests.SceneGraphs;

public sealed class SpiceTests
{
    [Theory]
    [InlineData("coco_fakecap_tuples")]
    [InlineData("synthetic_tuples")]
    [InlineData("vizwiz_demo100_tuples")]
    public void ScoreTuples_Golden_EqualsSpice(string file) =>
        GoldenChecks.Check(into => SpiceGoldens.Tuples(into, Fixture.Path("metrics", "spice", $"{file}.json.gz")));

    [Theory]
    [InlineData("coco_fakecap_first300_parses", 1776)]
    [InlineData("vizwiz_demo100_parses", 537)]
    public void Parses_Golden_GiveTheTuplesOfEveryCaption(string file, int captions)
    {
        var path = Fixture.Path("metrics", "spice", $"{file}.jsonl.gz");
        Assert.Equal(captions, GoldenFile.Lines(path).Count);
        GoldenChecks.Check(into => Assert.Empty(SpiceGoldens.Parses(into, path)));
    }

    [Fact]
    public void Score_CaptionThatWasNotParsed_SaysWhich()
    {
        var parses = SpiceParses.Load(Fixture.Path("metrics", "spice", "vizwiz_demo100_parses.jsonl.gz"));
        var error = Assert.Throws<MetricsException>(() => Spice.Score(["a caption that nobody parsed"], [["a dog"]], parses)).Message;
        Assert.Contains("\"a caption that nobody parsed\"", error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error);
    }

    [Fact]
    public void Run_WithParses_GivesTheSpiceOfTheDemo()
    {
        var golden = GoldenFile.Json(Fixture.Path("metrics", "spice", "vizwiz_demo100_tuples.json.gz"));
        var report = CaptionEvaluation.Run(Pool.Vizwiz, Pool.Demo100, new EvaluationOptions
        {
            IgnoreRejected = false,
            IgnorePrecanned = false,
            SpiceParses = SpiceParses.Load(Fixture.Path("metrics", "spice", "vizwiz_demo100_parses.jsonl.gz")),
        });
        Assert.Equal(golden["mean_f"]!.GetValue<double>(), report.Metric("SPICE").Corpus, 1e-12);
    }
}
