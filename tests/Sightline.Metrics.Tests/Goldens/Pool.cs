using Sightline.Tests;

namespace Sightline.Metrics.Tests.Goldens;

/// <summary>The caption files of metrics/pool, unpacked once.</summary>
internal static class Pool
{
    private static readonly Lazy<CaptionAnnotations> s_vizwiz = new(() => Unpacked("pool/vizwiz_v1_val.json.gz", CaptionAnnotations.Load));

    public static CaptionAnnotations Vizwiz => s_vizwiz.Value;

    public static IReadOnlyList<CaptionResult> Demo100 => Unpacked("pool/vizwiz_demo100_results.json.gz", CaptionResults.Load);

    public static IReadOnlyList<CaptionResult> Perturbed => Unpacked("scores/vizwiz_v1_perturbed_results.json.gz", CaptionResults.Load);

    private static T Unpacked<T>(string file, Func<string, T> load)
    {
        var path = Path.GetTempFileName();
        try
        {
            using (var packed = GoldenFile.Open(Fixture.Path(["metrics", .. file.Split('/')])))
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
