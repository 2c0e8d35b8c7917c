namespace Sightline.Training.Benchmarks.Ranks;

/// <summary>What ranks send of a model in an update.</summary>
/// <param name="Bytes">All gradients.</param>
/// <param name="TiedBytes">Those of the tied embedding, which backward finishes last.</param>
/// <param name="BucketBytes">A bucket.</param>
internal sealed record GradientSize(double Bytes, double TiedBytes, double BucketBytes)
{
    public int Buckets => (int)Math.Ceiling(Bytes / BucketBytes);
}
