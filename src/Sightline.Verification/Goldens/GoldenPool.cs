using Sightline.Metrics;

namespace Sightline.Verification.Goldens;

/// <summary>The caption files of metrics/pool, unpacked when asked for.</summary>
/// <param name="metrics">The folder of all metric fixtures.</param>
internal sealed class GoldenPool(string metrics)
{
    /// <summary>The references of the VizWiz sets.</summary>
    public CaptionAnnotations Vizwiz => Unpacked("pool/vizwiz_v1_val.json.gz", CaptionAnnotations.Load);

    /// <summary>100 machine captions.</summary>
    public IReadOnlyList<CaptionResult> Demo100 => Unpacked("pool/vizwiz_demo100_results.json.gz", CaptionResults.Load);

    /// <summary>A caption for every image, made from references.</summary>
    public IReadOnlyList<CaptionResult> Perturbed => Unpacked("scores/vizwiz_v1_perturbed_results.json.gz", CaptionResults.Load);

    /// <summary>Every second one of 1,000 of these, in reverse.</summary>
    public IReadOnlyList<CaptionResult> Partial => [.. Perturbed.Take(1100).Skip(100).Where((_, i) => i % 2 == 0).Reverse()];

    private T Unpacked<T>(string file, Func<string, T> load)
    {
        var path = Path.GetTempFileName();
        try
        {
            using (var packed = GoldenFile.Open(Path.Combine([metrics, .. file.Split('/')])))
            using (var target = File.Create(path))
                packed.CopyTo(target);
            return load(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
