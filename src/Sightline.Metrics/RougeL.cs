using Sightline.Metrics.Scoring;

namespace Sightline.Metrics;

/// <summary>
/// ROUGE-L as coco-caption computes it: the longest common subsequence of words, the best precision and the best recall over the references,
/// combined with beta 1.2. Words are separated by U+0020 only, unlike in BLEU and CIDEr-D.
/// </summary>
/// <remarks>Lin, "ROUGE: a package for automatic evaluation of summaries", 2004.</remarks>
public static class RougeL
{
    private const double BetaSquared = 1.2 * 1.2;

    /// <summary>Scores tokenized captions.</summary>
    /// <inheritdoc cref="Bleu.Score(IReadOnlyList{string}, IReadOnlyList{IReadOnlyList{string}})"/>
    public static MetricResult Score(IReadOnlyList<string> candidates, IReadOnlyList<IReadOnlyList<string>> references)
    {
        NgramCorpus.Require(candidates, references);
        var scores = new double[candidates.Count];
        Parallel.For(0, scores.Length, i => scores[i] = ScoreImage(candidates[i], references[i]));
        return new MetricResult("ROUGE_L", PairwiseSum.Mean(scores), scores);
    }

    private static double ScoreImage(string candidate, IReadOnlyList<string> references)
    {
        var words = new Dictionary<string, int>(StringComparer.Ordinal);
        var test = Number(candidate, words);
        double precision = 0, recall = 0;
        foreach (var text in references)
        {
            var reference = Number(text, words);
            double common = LongestCommonSubsequence(test, reference);
            precision = Math.Max(precision, common / test.Length);
            recall = Math.Max(recall, common / reference.Length);
        }

        return precision == 0 || recall == 0 ? 0 : (1 + BetaSquared) * precision * recall / (recall + (BetaSquared * precision));
    }

    private static int[] Number(string text, Dictionary<string, int> words)
    {
        var lookup = words.GetAlternateLookup<ReadOnlySpan<char>>();
        var numbers = new int[text.AsSpan().Count(' ') + 1];
        var i = 0;
        foreach (var range in text.AsSpan().Split(' '))
        {
            var word = text.AsSpan(range);
            if (!lookup.TryGetValue(word, out var number))
                lookup[word] = number = words.Count;
            numbers[i++] = number;
        }

        return numbers;
    }

    private static int LongestCommonSubsequence(int[] first, int[] second)
    {
        var row = new int[second.Length + 1];
        foreach (var word in first)
        {
            var diagonal = 0;
            for (var j = 1; j < row.Length; j++)
            {
                var above = row[j];
                row[j] = second[j - 1] == word ? diagonal + 1 : Math.Max(above, row[j - 1]);
                diagonal = above;
            }
        }

        return row[^1];
    }
}
