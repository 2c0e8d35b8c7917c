namespace Sightline.Metrics;

/// <summary>BLEU of a set of captions.</summary>
/// <param name="Orders">Bleu_1 to Bleu_4.</param>
/// <param name="Statistics">The counts that the corpus values come from.</param>
/// <param name="ImageStatistics">The counts of each image.</param>
public sealed record BleuResult(IReadOnlyList<MetricResult> Orders, BleuStatistics Statistics, IReadOnlyList<BleuStatistics> ImageStatistics);

/// <summary>The counts behind BLEU.</summary>
/// <param name="TestLength">Words of the candidates.</param>
/// <param name="ReferenceLength">Words of the references that are closest in length.</param>
/// <param name="Guesses">N-grams of the candidates, for 1 to 4 words.</param>
/// <param name="Correct">Those that a reference has, clipped to its count.</param>
public sealed record BleuStatistics(long TestLength, long ReferenceLength, IReadOnlyList<long> Guesses, IReadOnlyList<long> Correct)
{
    /// <summary>BLEU-1 to BLEU-4 of these counts.</summary>
    public double[] Scores() => Bleu.Combine(this);

    internal static BleuStatistics Sum(IEnumerable<BleuStatistics> parts)
    {
        long test = 0, reference = 0;
        var guesses = new long[Scoring.NgramVocabulary.MaxOrder];
        var correct = new long[Scoring.NgramVocabulary.MaxOrder];
        foreach (var part in parts)
        {
            test += part.TestLength;
            reference += part.ReferenceLength;
            for (var order = 0; order < guesses.Length; order++)
            {
                guesses[order] += part.Guesses[order];
                correct[order] += part.Correct[order];
            }
        }

        return new BleuStatistics(test, reference, guesses, correct);
    }
}
