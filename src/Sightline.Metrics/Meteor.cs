using System.Collections.Concurrent;
using Sightline.Metrics.Matching;
using Sightline.Metrics.Scoring;

namespace Sightline.Metrics;

/// <summary>
/// METEOR 1.5 for English with normalization, called as coco-caption does. WordNet synsets, function words and prefixes ship with this library;
/// the paraphrase table is the user's own file, and without it three stages run.
/// </summary>
/// <remarks>Denkowski and Lavie, "Meteor Universal: language specific translation evaluation for any target language", WMT 2014.</remarks>
public sealed class Meteor
{
    /// <summary>The weights of exact, stem, synonym and paraphrase matches in METEOR 1.5 for English.</summary>
    public static IReadOnlyList<double> StageWeights { get; } = [1.0, 0.6, 0.8, 0.6];

    private readonly ParaphraseTable? _paraphrases;
    private readonly MeteorAligner _aligner = new(StageWeights);
    private readonly MeteorResources _resources = MeteorResources.English;
    private readonly ConcurrentDictionary<string, int[]> _synsets = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _stems = new(StringComparer.Ordinal);

    /// <summary>METEOR without paraphrases: exact, stem and synonym stages.</summary>
    public Meteor()
    {
    }

    private Meteor(ParaphraseTable paraphrases) => _paraphrases = paraphrases;

    /// <summary>Whether the paraphrase stage runs.</summary>
    public bool HasParaphrases => _paraphrases is not null;

    /// <summary>METEOR with all four stages.</summary>
    /// <param name="paraphraseTable">The table in METEOR's format (<c>paraphrase-en.gz</c>), gzip or plain.</param>
    /// <exception cref="MetricsException">The file cannot be read or is of another format.</exception>
    public static Meteor WithParaphrases(string paraphraseTable) => new(ParaphraseTable.Load(paraphraseTable));

    /// <summary>Scores tokenized captions; each image by its best reference.</summary>
    /// <inheritdoc cref="Bleu.Score(IReadOnlyList{string}, IReadOnlyList{IReadOnlyList{string}})"/>
    public MeteorResult Score(IReadOnlyList<string> candidates, IReadOnlyList<IReadOnlyList<string>> references)
    {
        NgramCorpus.Require(candidates, references);
        var statistics = new MeteorStatistics[candidates.Count];
        var scores = new double[candidates.Count];
        Parallel.For(0, scores.Length, i => (statistics[i], scores[i]) = Best(candidates[i], references[i]));
        var total = MeteorStatistics.Sum(statistics);
        return new MeteorResult(new MetricResult("METEOR", total.Score(StageWeights), scores), statistics, total);
    }

    private (MeteorStatistics Statistics, double Score) Best(string candidate, IReadOnlyList<string> references)
    {
        // coco-caption takes its separator out of the candidate.
        var test = Words(candidate.Replace("|||", "", StringComparison.Ordinal).Replace("  ", " ", StringComparison.Ordinal));
        MeteorStatistics? best = null;
        var bestScore = -1.0;
        foreach (var reference in references)
        {
            var statistics = Compare(test, Words(reference));
            var score = statistics.Score(StageWeights);
            if (score > bestScore)
                (best, bestScore) = (statistics, score);
        }

        return (best!, bestScore);
    }

    private string[] Words(string text) => _resources.Normalizer.Normalize(text).Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private MeteorStatistics Compare(string[] test, string[] reference)
    {
        var (matches, chunks) = _aligner.Align(Matches(test, reference), reference.Length, test.Length);
        var counts = new int[4 * MeteorStatistics.Stages];
        foreach (var match in matches)
        {
            foreach (var word in test.AsSpan(match.TestStart, match.TestLength))
                counts[(4 * match.Stage) + (IsFunctionWord(word) ? 2 : 0)]++;
            foreach (var word in reference.AsSpan(match.ReferenceStart, match.ReferenceLength))
                counts[(4 * match.Stage) + (IsFunctionWord(word) ? 3 : 1)]++;
        }

        return new MeteorStatistics
        {
            TestLength = test.Length,
            ReferenceLength = reference.Length,
            TestFunctionWords = test.Count(IsFunctionWord),
            ReferenceFunctionWords = reference.Count(IsFunctionWord),
            Matches = counts,
            Chunks = chunks,
            TestMatches = matches.Sum(x => x.TestLength),
            ReferenceMatches = matches.Sum(x => x.ReferenceLength),
        };
    }

    private bool IsFunctionWord(string word) => _resources.FunctionWords.Contains(word);

    private List<MeteorMatch>[] Matches(string[] test, string[] reference)
    {
        var matches = new List<MeteorMatch>[reference.Length];
        for (var j = 0; j < reference.Length; j++)
        {
            matches[j] = [];
            for (var stage = 0; stage < 3; stage++)
            {
                for (var i = 0; i < test.Length; i++)
                {
                    if (IsMatch(stage, test[i], reference[j]))
                        matches[j].Add(new MeteorMatch(stage, j, 1, i, 1));
                }
            }

            if (_paraphrases is not null)
                AddParaphrases(test, reference, j, matches[j]);
        }

        return matches;
    }

    private bool IsMatch(int stage, string test, string reference)
    {
        if (stage == 0 || test == reference)
            return stage == 0 && test == reference;
        if (stage == 1)
            return Stem(test) == Stem(reference);
        int[] first = Synsets(test), second = Synsets(reference);
        for (int i = 0, j = 0; i < first.Length && j < second.Length;)
        {
            if (first[i] == second[j])
                return true;
            if (first[i] < second[j])
                i++;
            else
                j++;
        }

        return false;
    }

    private string Stem(string word) => _stems.GetOrAdd(word, EnglishStemmer.Stem);

    private int[] Synsets(string word) => _synsets.GetOrAdd(word, _resources.Synsets);

    private void AddParaphrases(string[] test, string[] reference, int start, List<MeteorMatch> matches)
    {
        for (var length = 1; length <= _paraphrases!.MaxWords && start + length <= reference.Length; length++)
        {
            var phrase = string.Join(' ', reference, start, length);
            for (var i = 0; i < test.Length; i++)
            {
                for (var other = 1; other <= _paraphrases.MaxWords && i + other <= test.Length; other++)
                {
                    var paraphrase = string.Join(' ', test, i, other);
                    if (phrase == paraphrase)
                        continue;

                    // An entry in each direction gives a match each, so that such a pair is not uncontested.
                    if (_paraphrases.Contains(phrase, paraphrase))
                        matches.Add(new MeteorMatch(3, start, length, i, other));
                    if (_paraphrases.Contains(paraphrase, phrase))
                        matches.Add(new MeteorMatch(3, start, length, i, other));
                }
            }
        }
    }
}
