using Sightline.Metrics;
using Sightline.Metrics.Analysis;

namespace Sightline.Cli.Evaluation;

/// <summary>Scores with all that was asked for beside them.</summary>
internal sealed record ScoredCaptions
{
    /// <summary>What the captions are called.</summary>
    public required string Name { get; init; }

    /// <summary>The scores.</summary>
    public required EvaluationReport Report { get; init; }

    /// <summary>Stages of METEOR that ran: 3, or 4 with a paraphrase table.</summary>
    public required int MeteorStages { get; init; }

    /// <summary>95 % intervals, if asked for.</summary>
    public IReadOnlyList<ConfidenceInterval>? Intervals { get; init; }

    /// <summary>What the other captions are called.</summary>
    public string? OtherName { get; init; }

    /// <summary>These captions (second) against the others (first), if asked for.</summary>
    public IReadOnlyList<PairedComparison>? Comparison { get; init; }

    /// <summary>Scores of parts of the pictures.</summary>
    public required IReadOnlyList<SplitScores> Splits { get; init; }
}
