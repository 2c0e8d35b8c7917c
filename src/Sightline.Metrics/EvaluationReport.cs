namespace Sightline.Metrics;

/// <summary>One evaluated image.</summary>
/// <param name="Image">The image as annotated.</param>
/// <param name="Candidate">The machine caption as given.</param>
/// <param name="References">The references that count, as annotated.</param>
/// <param name="TokenizedCandidate">The machine caption as scored.</param>
/// <param name="TokenizedReferences">The references as scored.</param>
public sealed record EvaluatedImage(
    AnnotatedImage Image, string Candidate, IReadOnlyList<string> References, string TokenizedCandidate, IReadOnlyList<string> TokenizedReferences);

/// <summary>The scores of a results file.</summary>
public sealed record EvaluationReport
{
    /// <summary>The metrics in the official order.</summary>
    public required IReadOnlyList<MetricResult> Metrics { get; init; }

    /// <summary>The evaluated images in the order of the annotation file; the metrics' image values are in this order.</summary>
    public required IReadOnlyList<EvaluatedImage> Images { get; init; }

    /// <summary>The counts behind BLEU.</summary>
    public required BleuStatistics BleuStatistics { get; init; }

    /// <summary>The counts behind BLEU for each image.</summary>
    public required IReadOnlyList<BleuStatistics> BleuImageStatistics { get; init; }

    /// <summary>The counts behind METEOR for each image, or null if it was not computed.</summary>
    public IReadOnlyList<MeteorStatistics>? MeteorImageStatistics { get; init; }

    /// <summary>Images of the results file that have no reference left; they are not scored.</summary>
    public required IReadOnlyList<long> SkippedImages { get; init; }

    /// <summary>Images with references for which the results file has no caption; the rest is scored.</summary>
    public required IReadOnlyList<long> MissingImages { get; init; }

    /// <summary>References of the results file's images that were dropped, by either flag.</summary>
    public required int DroppedReferences { get; init; }

    /// <summary>Different captions among those evaluated. A collapsed model says the same for every image.</summary>
    public required int DistinctCaptions { get; init; }

    /// <summary>The caption that occurs most often (the first of equals in the order of evaluation).</summary>
    public required string MostFrequentCaption { get; init; }

    /// <summary>Its share of the evaluated images, 0 to 1.</summary>
    public required double MostFrequentShare { get; init; }

    /// <summary>Remarks on how a metric was computed, one line each (for example, that METEOR ran without paraphrases).</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Finds a metric by its official name.</summary>
    /// <exception cref="MetricsException">It was not computed.</exception>
    public MetricResult Metric(string name) =>
        Metrics.FirstOrDefault(metric => metric.Name == name)
        ?? throw new MetricsException($"{name} was not computed; there are {string.Join(", ", Metrics.Select(metric => metric.Name))}.");
}
