namespace Sightline.Metrics.Analysis;

/// <summary>Corpus scores of some of a report's images.</summary>
internal static class CorpusScorer
{
    /// <summary>A function from a list of numbers into <paramref name="images"/> to the corpus score of those images.</summary>
    public static Func<IReadOnlyList<int>, double> For(EvaluationReport report, string metric, IEnumerable<int> images)
    {
        int[] chosen = [.. images];
        if (metric.StartsWith("Bleu_", StringComparison.Ordinal))
        {
            var order = metric[^1] - '1';
            BleuStatistics[] counts = [.. chosen.Select(i => report.BleuImageStatistics[i])];
            return draw => BleuStatistics.Sum(draw.Select(i => counts[i])).Scores()[order];
        }

        if (metric == "METEOR" && report.MeteorImageStatistics is { } statistics)
        {
            MeteorStatistics[] counts = [.. chosen.Select(i => statistics[i])];
            return draw => MeteorStatistics.Sum([.. draw.Select(i => counts[i])]).Score(Meteor.StageWeights);
        }

        double[] values = [.. chosen.Select(i => report.Metric(metric).Images[i])];
        return draw => draw.Sum(i => values[i]) / draw.Count;
    }
}
