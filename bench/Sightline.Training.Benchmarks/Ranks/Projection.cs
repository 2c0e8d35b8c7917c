namespace Sightline.Training.Benchmarks.Ranks;

/// <summary>
/// What the alpha-beta model says of GPUs that nobody measured here: the full-size model (ViT-base/16-224 with GPT-2), batch 8 a GPU, 32 label tokens, fp32
/// gradients in buckets of 25 MB.
/// </summary>
internal static class Projection
{
    private const double Share = 0.4; // of peak arithmetic that a training step is assumed to reach
    private const double LinkShare = 0.8; // of a link's nominal bandwidth that an all-reduce is assumed to reach
    private const double Batch = 8;
    private const double Patches = 197;
    private const double Tokens = 32;

    private static readonly GradientSize s_fullSize = new(4 * 239.2e6, 4 * 38.6e6, 25 << 20);

    // Multiplications and additions of forward and backward are 6 a weight and position. Weights by the positions they see: ViT and the keys and values of
    // cross-attention see patches, the rest of GPT-2 and its vocabulary see tokens.
    private static readonly double s_work = 6 * Batch * (((85.8e6 + 14.2e6) * Patches) + ((85.1e6 + 14.2e6 + 38.6e6) * Tokens));

    private static readonly (string Name, double Peak, AlphaBeta Links)[] s_clusters =
    [
        ("8 x A100 (TF32 156 TFLOP/s, NVSwitch 300 GB/s, alpha 20 us)", 156e12, new AlphaBeta(8, 20e-6, LinkShare * 300e9)),
        ("8 x H100 (TF32 495 TFLOP/s, NVSwitch 450 GB/s, alpha 20 us)", 495e12, new AlphaBeta(8, 20e-6, LinkShare * 450e9)),
        ("64 x H100, 8 hosts (8 x NDR 400 GB/s a host, alpha 60 us)", 495e12, new AlphaBeta(64, 60e-6, LinkShare * 400e9)),
    ];

    public static void Print()
    {
        Console.WriteLine($"PROJECTION, not a measurement (alpha-beta model; assumed: {Share:P0} of peak arithmetic, {LinkShare:P0} of link bandwidth, {s_work / 1e12:F2} TFLOP a step):");
        Console.WriteLine("| GPUs | compute ms | all-reduce ms | efficiency after backward | overlapped | overlapped, accumulation 4 |\n|---|---|---|---|---|---|");
        foreach (var (name, peak, links) in s_clusters)
        {
            var compute = s_work / (Share * peak);
            var (after, overlapped) = (links.Step(s_fullSize, compute, overlaps: false), links.Step(s_fullSize, compute, overlaps: true));
            Console.WriteLine($"| {name} | {compute * 1e3:F1} | {links.Communication(s_fullSize) * 1e3:F1} | {compute / after:P0} | {compute / overlapped:P0} | {4 * compute / ((3 * compute) + overlapped):P0} |");
        }
    }
}
