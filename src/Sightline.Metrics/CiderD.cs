using Sightline.Metrics.Scoring;

namespace Sightline.Metrics;

/// <summary>
/// CIDEr-D as coco-caption computes it: tf-idf weighted n-grams of 1 to 4 words, the candidate's weights clipped to the reference's, a Gaussian
/// penalty for a different length (counted in bigrams), the mean over references and orders, times 10.
/// </summary>
/// <remarks>Vedantam, Zitnick, Parikh, "CIDEr: consensus-based image description evaluation", CVPR 2015.</remarks>
public static class CiderD
{
    private const double Sigma = 6;

    /// <summary>Scores tokenized captions.</summary>
    /// <param name="candidates">One caption for each image, tokens separated by white space (<see cref="PtbTokenizer.Tokenize"/>).</param>
    /// <param name="references">The references of each image, at least one.</param>
    /// <param name="frequencies">In how many images each n-gram occurs; null: counted in <paramref name="references"/>, as the challenge does.</param>
    /// <exception cref="ArgumentException">The lists differ in length, are empty, or an image has no reference.</exception>
    public static MetricResult Score(
        IReadOnlyList<string> candidates, IReadOnlyList<IReadOnlyList<string>> references, DocumentFrequencies? frequencies = null) =>
        Score(new NgramCorpus(candidates, references), frequencies);

    internal static MetricResult Score(NgramCorpus corpus, DocumentFrequencies? frequencies)
    {
        var logDocuments = Math.Log(frequencies?.Documents ?? corpus.References.Length);
        var counts = frequencies is null ? Count(corpus) : frequencies.ByNumber(corpus.Vocabulary);
        var weights = new double[counts.Length];
        for (var i = 0; i < weights.Length; i++)
            weights[i] = logDocuments - Math.Log(Math.Max(1.0, counts[i]));
        var scores = new double[corpus.Candidates.Length];
        Parallel.For(0, scores.Length, i => scores[i] = ScoreImage(corpus.Candidates[i], corpus.References[i], weights));
        return new MetricResult("CIDEr", PairwiseSum.Mean(scores), scores);
    }

    private static double[] Count(NgramCorpus corpus)
    {
        var counts = new double[corpus.Vocabulary.Count];
        var lastImage = new int[counts.Length];
        for (var i = 0; i < corpus.References.Length; i++)
        {
            foreach (var reference in corpus.References[i])
            {
                for (var order = 0; order < NgramVocabulary.MaxOrder; order++)
                {
                    foreach (var id in reference.Ids(order))
                    {
                        if (lastImage[id] == i + 1)
                            continue;
                        lastImage[id] = i + 1;
                        counts[id]++;
                    }
                }
            }
        }

        return counts;
    }

    private static double ScoreImage(NgramCounts candidate, NgramCounts[] references, double[] weights)
    {
        Span<double> sums = stackalloc double[NgramVocabulary.MaxOrder];
        Span<double> candidateNorms = stackalloc double[NgramVocabulary.MaxOrder];
        Norms(candidate, weights, candidateNorms);
        Span<double> referenceNorms = stackalloc double[NgramVocabulary.MaxOrder];
        foreach (var reference in references)
        {
            Norms(reference, weights, referenceNorms);
            double delta = candidate.Total(1) - reference.Total(1);
            var penalty = Math.Pow(Math.E, -(delta * delta) / (2 * Sigma * Sigma));
            for (var order = 0; order < sums.Length; order++)
            {
                var product = Product(candidate, reference, order, weights);
                if (candidateNorms[order] != 0 && referenceNorms[order] != 0)
                    product /= candidateNorms[order] * referenceNorms[order];
                sums[order] += product * penalty;
            }
        }

        return (((sums[0] + sums[1]) + sums[2]) + sums[3]) / sums.Length / references.Length * 10;
    }

    private static void Norms(NgramCounts counts, double[] weights, Span<double> norms)
    {
        for (var order = 0; order < norms.Length; order++)
        {
            var sum = 0.0;
            var ids = counts.Ids(order);
            for (var i = 0; i < ids.Length; i++)
            {
                var weight = counts.Counts(order)[i] * weights[ids[i]];
                sum += weight * weight;
            }

            norms[order] = Math.Sqrt(sum);
        }
    }

    private static double Product(NgramCounts candidate, NgramCounts reference, int order, double[] weights)
    {
        var sum = 0.0;
        var ids = candidate.Ids(order);
        for (var i = 0; i < ids.Length; i++)
        {
            var position = reference.Find(order, ids[i]);
            if (position < 0)
                continue;
            var weight = weights[ids[i]];
            var inReference = reference.Counts(order)[position] * weight;
            sum += Math.Min(candidate.Counts(order)[i] * weight, inReference) * inReference;
        }

        return sum;
    }
}
