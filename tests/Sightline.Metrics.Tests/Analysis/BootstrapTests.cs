using Sightline.Metrics.Analysis;
using Sightline.Metrics.Tests.Goldens;
using Xunit;

namespace Sightline.Metrics.Tests.Analysis;

public sealed class BootstrapTests
{
    private static readonly EvaluationReport s_report =
        CaptionEvaluation.Run(Pool.Vizwiz, [.. Pool.Perturbed.Take(400)], new EvaluationOptions { Meteor = new Meteor() });

    [Fact]
    public void Intervals_SameSeed_AreEqualAndHoldTheScore()
    {
        var one = Bootstrap.Intervals(s_report, 200);
        Assert.Equal(one, Bootstrap.Intervals(s_report, 200));
        Assert.NotEqual(one, Bootstrap.Intervals(s_report, 200, seed: 43));
        foreach (var interval in one)
            Assert.True(interval.Low < interval.Value && interval.Value < interval.High && interval.High - interval.Low < interval.Value, interval.ToString());
    }

    [Fact]
    public void Compare_WithItself_FindsNoDifference()
    {
        foreach (var comparison in Bootstrap.Compare(s_report, s_report, 100))
        {
            Assert.Equal(0, comparison.Difference);
            Assert.Equal(1, comparison.PValue);
        }
    }

    [Fact]
    public void Compare_WorseSystem_IsFoundWorse()
    {
        CaptionResult[] collapsed = [.. s_report.Images.Select(x => new CaptionResult(x.Image.Id, "a picture of a thing"))];
        var worse = CaptionEvaluation.Run(Pool.Vizwiz, collapsed);
        foreach (var comparison in Bootstrap.Compare(s_report, worse, 200))
            Assert.True(comparison.High < 0 && comparison.PValue < 0.05, comparison.ToString());
    }

    [Fact]
    public void Splits_ByTextAndLength_CoverAllImagesAndAgreeWithTheWhole()
    {
        Assert.Equal(s_report.Images.Count, Splits.ByTextDetected(s_report).Sum(x => x.Images));
        Assert.Equal(s_report.Images.Count, Splits.ByCaptionLength(s_report).Sum(x => x.Images));
        var parts = Splits.ByTextDetected(s_report);
        Assert.True(parts.Count >= 2);
        foreach (var name in (string[])["ROUGE_L", "CIDEr"])
            Assert.Equal(s_report.Metric(name).Corpus, parts.Sum(x => x.Scores[name] * x.Images) / s_report.Images.Count, 1e-12);
    }

    [Fact]
    public void Splits_ByQualityFlaw_TakesTwoVotes()
    {
        var path = Path.GetTempFileName();
        try
        {
            var files = s_report.Images.Select(x => x.Image.FileName).Take(3).ToList();
            File.WriteAllText(path, $$"""
                [{"image": "{{files[0]}}", "flaws": {"BLR": 2, "DRK": 1}, "unrecognizable": 0},
                 {"image": "{{files[1]}}", "flaws": {"BLR": 5, "DRK": 3}, "unrecognizable": 4},
                 {"image": "{{files[2]}}", "flaws": {"NON": 5}, "unrecognizable": 0}]
                """);
            var parts = Splits.ByQualityFlaw(s_report, path).ToDictionary(x => x.Name, x => x.Images);
            Assert.Equal(2, parts["BLR"]);
            Assert.Equal(1, parts["DRK"]);
            Assert.Equal(1, parts["NON"]);
            Assert.Equal(1, parts["unrecognizable"]);
            Assert.Equal(s_report.Images.Count - 3, parts["not in the quality file"]);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
