using Sightline.Metrics.Tests.Goldens;
using Xunit;

namespace Sightline.Metrics.Tests.Evaluation;

public sealed class EvaluationPropertyTests
{
    [Fact]
    public void Run_ResultsInAnotherOrder_GiveTheSameScores()
    {
        var results = Pool.Demo100;
        var shuffled = results.OrderBy(x => (x.ImageId * 7919) % 101).ToList();
        Assert.NotEqual(results.Select(x => x.ImageId), shuffled.Select(x => x.ImageId));
        var one = CaptionEvaluation.Run(Pool.Vizwiz, results, new EvaluationOptions { Meteor = new Meteor() });
        var two = CaptionEvaluation.Run(Pool.Vizwiz, shuffled, new EvaluationOptions { Meteor = new Meteor() });
        foreach (var metric in one.Metrics)
        {
            Assert.Equal(metric.Corpus, two.Metric(metric.Name).Corpus);
            Assert.Equal(metric.Images, two.Metric(metric.Name).Images);
            Assert.True(metric.Images.Distinct().Count() > 10, metric.Name); // not one value for all
        }
    }

    [Fact]
    public void Run_MetricOrder_IsTheScorers()
    {
        var options = new EvaluationOptions { Meteor = new Meteor() };
        var vizwiz = CaptionEvaluation.Run(Pool.Vizwiz, Pool.Demo100, options);
        Assert.Equal(["Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4", "ROUGE_L", "CIDEr", "METEOR"], vizwiz.Metrics.Select(x => x.Name));
        var coco = CaptionEvaluation.Run(Pool.Vizwiz, Pool.Demo100, EvaluationOptions.Coco with { Meteor = new Meteor() });
        Assert.Equal(["Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4", "METEOR", "ROUGE_L", "CIDEr"], coco.Metrics.Select(x => x.Name));
        Assert.Contains(vizwiz.Notes, x => x.Contains("three stages", StringComparison.Ordinal));
        Assert.True(coco.Images.Count >= vizwiz.Images.Count);
    }

    [Fact]
    public void Run_CollapsedModel_IsSeenInTheCounts()
    {
        var annotations = BadInputTests.Annotations((1, "a dog"), (2, "a cat"), (3, "a cow"), (4, "a bus"));
        var report = CaptionEvaluation.Run(annotations, [new(1, "a dog"), new(2, "a dog"), new(3, "a dog")]);
        Assert.Equal(1, report.DistinctCaptions);
        Assert.Equal("a dog", report.MostFrequentCaption);
        Assert.Equal(1, report.MostFrequentShare);
        Assert.Equal([4L], report.MissingImages);
    }

    [Fact]
    public void DocumentFrequencies_SaveAndLoad_GiveTheSameScores()
    {
        var report = CaptionEvaluation.Run(Pool.Vizwiz, Pool.Demo100);
        var frequencies = DocumentFrequencies.FromReferences([.. report.Images.Select(x => x.TokenizedReferences)]);
        var path = Path.GetTempFileName();
        try
        {
            frequencies.Save(path);
            var again = CaptionEvaluation.Run(Pool.Vizwiz, Pool.Demo100, new EvaluationOptions { DocumentFrequencies = DocumentFrequencies.Load(path) });
            Assert.Equal(report.Metric("CIDEr").Images, again.Metric("CIDEr").Images);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void SaveResults_LoadAgain_GivesTheSameCaptions()
    {
        CaptionResult[] results = [new(1, "a \"dog\" ☕ \n😀"), new(2, ""), new(long.MaxValue, "<b>&</b>")];
        var path = Path.GetTempFileName();
        try
        {
            CaptionResults.Save(path, results);
            Assert.Equal(results, CaptionResults.Load(path));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
