namespace Sightline.Metrics;

/// <summary>What one metric says of a set of captions.</summary>
/// <param name="Name">The name as the official scorer prints it, for example <c>Bleu_4</c>, <c>ROUGE_L</c>, <c>CIDEr</c>.</param>
/// <param name="Corpus">The score of the whole set.</param>
/// <param name="Images">The score of each image, in the order of evaluation; NaN where the metric is not defined for it.</param>
public sealed record MetricResult(string Name, double Corpus, IReadOnlyList<double> Images);
