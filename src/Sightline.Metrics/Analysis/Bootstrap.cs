namespace Sightline.Metrics.Analysis;

/// <summary>
/// Bootstrap over images: draws as many images as there are, with replacement, and recomputes the corpus scores. BLEU and METEOR are recomputed
/// from their counts; the others are means of the image values, so CIDEr-D keeps the document frequencies of the whole set.
/// </summary>
/// <remarks>Efron and Tibshirani, "An introduction to the bootstrap", 1993; Koehn, "Statistical significance tests for machine translation evaluation", 2004.</remarks>
public static class Bootstrap
{
    /// <summary>Percentile intervals of every metric of a report.</summary>
    /// <param name="report">The report.</param>
    /// <param name="resamples">How often to draw, 1 to 100,000.</param>
    /// <param name="confidence">The share of resamples inside, between 0 and 1.</param>
    /// <param name="seed">The seed; equal seeds give equal intervals.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is out of its range.</exception>
    public static IReadOnlyList<ConfidenceInterval> Intervals(EvaluationReport report, int resamples = 1000, double confidence = 0.95, ulong seed = 42)
    {
        ArgumentNullException.ThrowIfNull(report);
        Check(resamples, confidence);
        var count = report.Images.Count;
        return [.. report.Metrics.Select(metric =>
        {
            var values = Sorted(count, resamples, seed, CorpusScorer.For(report, metric.Name, Enumerable.Range(0, count)));
            return new ConfidenceInterval(metric.Name, metric.Corpus, Quantile(values, (1 - confidence) / 2), Quantile(values, (1 + confidence) / 2));
        })];
    }

    /// <summary>Compares two systems on the images that both reports have, every metric that both have, with the same draws for both.</summary>
    /// <param name="first">The first system.</param>
    /// <param name="second">The second system, scored against the same annotations by the same rules.</param>
    /// <param name="resamples">How often to draw, 1 to 100,000.</param>
    /// <param name="confidence">The share of resamples inside, between 0 and 1.</param>
    /// <param name="seed">The seed; equal seeds give equal results.</param>
    /// <exception cref="MetricsException">The reports have no image in common.</exception>
    public static IReadOnlyList<PairedComparison> Compare(
        EvaluationReport first, EvaluationReport second, int resamples = 1000, double confidence = 0.95, ulong seed = 42)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        Check(resamples, confidence);
        var positions = second.Images.Select((image, i) => (image.Image.Id, i)).ToDictionary(x => x.Id, x => x.i);
        int[] inFirst = [.. Enumerable.Range(0, first.Images.Count).Where(i => positions.ContainsKey(first.Images[i].Image.Id))];
        int[] inSecond = [.. inFirst.Select(i => positions[first.Images[i].Image.Id])];
        if (inFirst.Length == 0)
            throw new MetricsException("The two results files have no evaluated image in common.");
        int[] all = [.. Enumerable.Range(0, inFirst.Length)];
        var comparisons = new List<PairedComparison>();
        foreach (var metric in first.Metrics.Where(x => second.Metrics.Any(y => y.Name == x.Name)))
        {
            var one = CorpusScorer.For(first, metric.Name, inFirst);
            var two = CorpusScorer.For(second, metric.Name, inSecond);
            var differences = Sorted(all.Length, resamples, seed, draw => two(draw) - one(draw));
            var notAbove = (double)differences.Count(x => x <= 0) / differences.Length;
            var notBelow = (double)differences.Count(x => x >= 0) / differences.Length;
            comparisons.Add(new PairedComparison(metric.Name, one(all), two(all), two(all) - one(all), Quantile(differences, (1 - confidence) / 2),
                Quantile(differences, (1 + confidence) / 2), Math.Min(1, 2 * Math.Min(notAbove, notBelow))));
        }

        return comparisons;
    }

    private static void Check(int resamples, double confidence)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(resamples, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(resamples, 100_000);
        if (!(confidence > 0 && confidence < 1))
            throw new ArgumentOutOfRangeException(nameof(confidence), confidence, "Between 0 and 1.");
    }

    // Each draw has its own generator, so that the result does not depend on the number of threads.
    private static double[] Sorted(int images, int resamples, ulong seed, Func<IReadOnlyList<int>, double> score)
    {
        var values = new double[resamples];
        Parallel.For(0, resamples, r =>
        {
            var random = new SeededRandom(seed ^ ((ulong)(r + 1) * 0xD1342543DE82EF95));
            var draw = new int[images];
            for (var i = 0; i < images; i++)
                draw[i] = random.Next(images);
            values[r] = score(draw);
        });
        Array.Sort(values);
        return values;
    }

    // Linear between neighbours, as NumPy's default.
    private static double Quantile(double[] sorted, double share)
    {
        var position = share * (sorted.Length - 1);
        var below = (int)Math.Floor(position);
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((position - below) * (sorted[above] - sorted[below]));
    }
}
