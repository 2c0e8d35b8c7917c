namespace Sightline.Metrics.Analysis;

/// <summary>Two systems on the same images.</summary>
/// <param name="Metric">The metric.</param>
/// <param name="First">The first system's corpus score on the common images.</param>
/// <param name="Second">The second's.</param>
/// <param name="Difference">Second less first.</param>
/// <param name="Low">The lower bound of the difference.</param>
/// <param name="High">The upper bound of the difference.</param>
/// <param name="PValue">Two-sided: twice the smaller share of resamples whose difference is not above, or not below, zero; at most 1.</param>
public sealed record PairedComparison(string Metric, double First, double Second, double Difference, double Low, double High, double PValue);
