namespace Sightline.Metrics.Analysis;

/// <summary>A confidence interval of a corpus score.</summary>
/// <param name="Metric">The metric.</param>
/// <param name="Value">The score of all images.</param>
/// <param name="Low">The lower bound.</param>
/// <param name="High">The upper bound.</param>
public sealed record ConfidenceInterval(string Metric, double Value, double Low, double High);
