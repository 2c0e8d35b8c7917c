using Sightline.Metrics.Scoring;

namespace Sightline.Metrics;

/// <summary>
/// BLEU-1 to BLEU-4 as coco-caption computes them: clipped n-gram precision, brevity from the closest reference length, corpus values from
/// summed counts, 1e-15 added to the matches and 1e-9 to the possible n-grams.
/// </summary>
/// <remarks>Papineni et al., "BLEU: a method for automatic evaluation of machine translation", ACL 2002.</remarks>
public static class Bleu
{
    private const double Tiny = 1e-15;
    private const double Small = 1e-9;

    /// <summary>Scores tokenized captions.</summary>
    /// <param name="candidates">One caption for each image, tokens separated by white space (<see cref="PtbTokenizer.Tokenize"/>).</param>
    /// <param name="references">The references of each image, at least one.</param>
    /// <exception cref="ArgumentException">The lists differ in length, are empty, or an image has no reference.</exception>
    public static BleuResult Score(IReadOnlyList<string> candidates, IReadOnlyList<IReadOnlyList<string>> references) =>
        Score(new NgramCorpus(candidates, references));

    internal static BleuResult Score(NgramCorpus corpus)
    {
        var images = corpus.Candidates.Length;
        var statistics = new BleuStatistics[images];
        Parallel.For(0, images, i => statistics[i] = Compare(corpus.Candidates[i], corpus.References[i]));
        var perImage = new double[NgramVocabulary.MaxOrder][];
        for (var order = 0; order < perImage.Length; order++)
            perImage[order] = new double[images];
        for (var i = 0; i < images; i++)
        {
            var scores = statistics[i].Scores();
            for (var order = 0; order < perImage.Length; order++)
                perImage[order][i] = scores[order];
        }

        var total = BleuStatistics.Sum(statistics);
        var all = total.Scores();
        return new BleuResult([.. perImage.Select((values, order) => new MetricResult($"Bleu_{order + 1}", all[order], values))], total, statistics);
    }

    internal static double[] Combine(BleuStatistics statistics)
    {
        var scores = new double[NgramVocabulary.MaxOrder];
        var product = 1.0;
        for (var order = 0; order < scores.Length; order++)
        {
            product *= (statistics.Correct[order] + Tiny) / (statistics.Guesses[order] + Small);
            scores[order] = Math.Pow(product, 1.0 / (order + 1));
        }

        var ratio = (statistics.TestLength + Tiny) / (statistics.ReferenceLength + Small);
        if (ratio < 1)
        {
            for (var order = 0; order < scores.Length; order++)
                scores[order] *= Math.Exp(1 - (1 / ratio));
        }

        return scores;
    }

    private static BleuStatistics Compare(NgramCounts candidate, NgramCounts[] references)
    {
        var guesses = new long[NgramVocabulary.MaxOrder];
        var correct = new long[NgramVocabulary.MaxOrder];
        for (var order = 0; order < NgramVocabulary.MaxOrder; order++)
        {
            guesses[order] = candidate.Total(order);
            var ids = candidate.Ids(order);
            var counts = candidate.Counts(order);
            for (var i = 0; i < ids.Length; i++)
            {
                var most = 0;
                foreach (var reference in references)
                {
                    if (reference.Find(order, ids[i]) is var position and >= 0)
                        most = Math.Max(most, reference.Counts(order)[position]);
                }

                correct[order] += Math.Min(most, counts[i]);
            }
        }

        var closest = references[0].Words;
        foreach (var reference in references)
        {
            var distance = Math.Abs(reference.Words - candidate.Words);
            var best = Math.Abs(closest - candidate.Words);
            if (distance < best || (distance == best && reference.Words < closest))
                closest = reference.Words;
        }

        return new BleuStatistics(candidate.Words, closest, guesses, correct);
    }
}
