using Sightline.Tests;
using Sightline.Verification.Goldens;

namespace Sightline.Metrics.Tests.Goldens;

/// <summary>The caption files of metrics/pool; the large one is unpacked once.</summary>
internal static class Pool
{
    private static readonly GoldenPool s_pool = new(Fixture.Path("metrics"));
    private static readonly Lazy<CaptionAnnotations> s_vizwiz = new(() => s_pool.Vizwiz);

    public static CaptionAnnotations Vizwiz => s_vizwiz.Value;

    public static IReadOnlyList<CaptionResult> Demo100 => s_pool.Demo100;

    public static IReadOnlyList<CaptionResult> Perturbed => s_pool.Perturbed;

    public static IReadOnlyList<CaptionResult> Partial => s_pool.Partial;
}
