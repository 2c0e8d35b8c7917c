namespace Sightline.Metrics;

/// <summary>METEOR of a set of captions.</summary>
/// <param name="Metric">Corpus and image values. The corpus value comes from summed statistics, not from the mean.</param>
/// <param name="Statistics">The statistics of each image against its best reference.</param>
/// <param name="Total">Their sum; the single chunk of a perfectly matched image is not added, as METEOR 1.5 has it.</param>
public sealed record MeteorResult(MetricResult Metric, IReadOnlyList<MeteorStatistics> Statistics, MeteorStatistics Total);

/// <summary>What METEOR counts when it compares two texts.</summary>
public sealed record MeteorStatistics
{
    /// <summary>The number of stages: exact, stem, synonym, paraphrase.</summary>
    public const int Stages = 4;

    private const double Alpha = 0.85;
    private const double Beta = 0.2;
    private const double Gamma = 0.6;
    private const double Delta = 0.75;

    /// <summary>Words of the candidate.</summary>
    public required int TestLength { get; init; }

    /// <summary>Words of the reference.</summary>
    public required int ReferenceLength { get; init; }

    /// <summary>Function words of the candidate.</summary>
    public required int TestFunctionWords { get; init; }

    /// <summary>Function words of the reference.</summary>
    public required int ReferenceFunctionWords { get; init; }

    /// <summary>Matched words for each stage: candidate content, reference content, candidate function, reference function words (4 × 4 numbers).</summary>
    public required IReadOnlyList<int> Matches { get; init; }

    /// <summary>Runs of matches that are adjacent and in the same order in both texts.</summary>
    public required int Chunks { get; init; }

    /// <summary>Matched words of the candidate.</summary>
    public required int TestMatches { get; init; }

    /// <summary>Matched words of the reference.</summary>
    public required int ReferenceMatches { get; init; }

    internal bool IsPerfect => Chunks == 1 && TestMatches == TestLength && ReferenceMatches == ReferenceLength;

    /// <summary>The score of these counts, 0 to 1, with METEOR 1.5's parameters for English.</summary>
    /// <param name="stageWeights">The weights of the four stages; METEOR 1.5: 1.0, 0.6, 0.8, 0.6.</param>
    public double Score(IReadOnlyList<double> stageWeights)
    {
        ArgumentNullException.ThrowIfNull(stageWeights);
        double test = 0, reference = 0;
        for (var stage = 0; stage < Stages; stage++)
        {
            test += stageWeights[stage] * ((Delta * Matches[4 * stage]) + ((1 - Delta) * Matches[(4 * stage) + 2]));
            reference += stageWeights[stage] * ((Delta * Matches[(4 * stage) + 1]) + ((1 - Delta) * Matches[(4 * stage) + 3]));
        }

        var precision = Ratio(test, TestLength, TestFunctionWords);
        var recall = Ratio(reference, ReferenceLength, ReferenceFunctionWords);
        if (precision == 0 || recall == 0)
            return 0;
        var mean = precision * recall / ((Alpha * precision) + ((1 - Alpha) * recall));
        var fragmentation = IsPerfect || Chunks == 0 ? 0 : Chunks / ((TestMatches + ReferenceMatches) / 2.0);
        return mean * (1 - (Gamma * Math.Pow(fragmentation, Beta)));
    }

    /// <summary>The 23 numbers in METEOR's order, separated by blanks.</summary>
    public override string ToString() =>
        string.Join(' ', [TestLength, ReferenceLength, TestFunctionWords, ReferenceFunctionWords, .. Matches, Chunks, TestMatches, ReferenceMatches]);

    internal static MeteorStatistics Sum(IReadOnlyList<MeteorStatistics> parts)
    {
        var matches = new int[4 * Stages];
        foreach (var part in parts)
        {
            for (var i = 0; i < matches.Length; i++)
                matches[i] += part.Matches[i];
        }

        return new MeteorStatistics
        {
            TestLength = parts.Sum(x => x.TestLength),
            ReferenceLength = parts.Sum(x => x.ReferenceLength),
            TestFunctionWords = parts.Sum(x => x.TestFunctionWords),
            ReferenceFunctionWords = parts.Sum(x => x.ReferenceFunctionWords),
            Matches = matches,
            Chunks = parts.Sum(x => x.IsPerfect ? 0 : x.Chunks),
            TestMatches = parts.Sum(x => x.TestMatches),
            ReferenceMatches = parts.Sum(x => x.ReferenceMatches),
        };
    }

    private static double Ratio(double matched, int length, int functionWords)
    {
        var total = (Delta * (length - functionWords)) + ((1 - Delta) * functionWords);
        return total == 0 ? 0 : matched / total;
    }
}
