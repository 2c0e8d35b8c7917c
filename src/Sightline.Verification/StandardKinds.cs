using Sightline.Verification.Kinds;

namespace Sightline.Verification;

/// <summary>The kinds of golden file that captioning and its evaluation cover.</summary>
public static class StandardKinds
{
    /// <summary>All of them, in the order of the fixtures' README.</summary>
    public static IReadOnlyList<FixtureKind> All { get; } =
        [new TokenizerFixtures(), new ForwardFixtures(), new GenerateFixtures(), new ImageFixtures(), new WarmStartFixtures(), new MetricFixtures()];
}
