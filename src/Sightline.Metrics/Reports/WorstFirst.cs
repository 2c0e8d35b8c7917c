namespace Sightline.Metrics.Reports;

/// <summary>The order of the per-image tables.</summary>
internal static class WorstFirst
{
    /// <summary>Indices of the images by one metric, the lowest first, undefined values before; equal ones in the order of evaluation.</summary>
    public static int[] Order(EvaluationReport report, string? metric)
    {
        var values = report.Metric(metric ?? "CIDEr").Images;
        return [.. Enumerable.Range(0, values.Count).OrderBy(i => double.IsNaN(values[i]) ? double.NegativeInfinity : values[i])];
    }
}
