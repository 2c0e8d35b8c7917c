namespace Sightline.Metrics;

/// <summary>SPICE of a set of captions.</summary>
/// <param name="Metric">Corpus and image values over all tuples; the corpus value is the mean of the images'.</param>
/// <param name="Images">The counts of each image by category.</param>
public sealed record SpiceResult(MetricResult Metric, IReadOnlyList<IReadOnlyDictionary<SpiceCategory, SpiceCounts>> Images);
