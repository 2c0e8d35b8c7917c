namespace Sightline.Training.Benchmarks.Ranks;

/// <summary>
/// The alpha-beta model of an all-reduce: a bucket of n bytes over p ranks takes alpha + 2 (p - 1) / p · n / bandwidth. Buckets travel one after the other. With overlap a
/// bucket sets out when backward has finished it: all are finished evenly over the backward pass, which is two thirds of the compute, but for the tied
/// embedding's, which is finished last.
/// </summary>
/// <param name="Ranks">p.</param>
/// <param name="Alpha">Seconds for a bucket without content.</param>
/// <param name="Bandwidth">Bytes a second.</param>
internal sealed record AlphaBeta(int Ranks, double Alpha, double Bandwidth)
{
    /// <summary>Seconds for all buckets of a model.</summary>
    public double Communication(GradientSize size) => size.Buckets * Alpha + (2.0 * (Ranks - 1) / Ranks * size.Bytes / Bandwidth);

    /// <summary>Seconds of forward, backward and communication.</summary>
    /// <param name="size">What is sent.</param>
    /// <param name="compute">Seconds of forward and backward.</param>
    /// <param name="overlaps">Whether buckets travel while backward runs; otherwise after it.</param>
    public double Step(GradientSize size, double compute, bool overlaps)
    {
        var bucket = Communication(size) / size.Buckets;
        var early = (int)((size.Bytes - size.TiedBytes) / size.BucketBytes);
        var end = 0.0;
        for (var i = 0; i < size.Buckets; i++)
        {
            var ready = overlaps && i < early ? compute * (1 + (2.0 * (i + 1) * size.BucketBytes / (size.Bytes - size.TiedBytes))) / 3 : compute;
            end = Math.Max(end, ready) + bucket;
        }

        return end;
    }
}
