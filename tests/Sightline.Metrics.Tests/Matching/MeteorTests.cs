using Sightline.Metrics.Tests.Goldens;
using Sightline.Tests;
using Sightline.Verification;
using Sightline.Verification.Goldens;
using Xunit;

namespace Sightline.Metrics.Tests.Matching;

public sealed class MeteorTests
{
    [Fact]
    public void Normalize_Golden_EqualsMeteor() => GoldenChecks.Check(into => MeteorGoldens.Normalizer(into, Meteor("normalizer.json.gz")));

    [Fact]
    public void Stem_Golden_EqualsSnowball() => GoldenChecks.Check(into => MeteorGoldens.Stems(into, Meteor("stems.json.gz")));

    [Fact]
    public void Synsets_Golden_EqualMeteor() => GoldenChecks.Check(into => MeteorGoldens.Synsets(into, Meteor("synsets.json.gz")));

    // The file, the mode, and the segments that METEOR 1.5 aligns in another way: ties between alignments of equal weight and equal chunks
    // whose order is not known. Every other segment has METEOR's 23 numbers. The list may only get shorter.
    public static TheoryData<string, string, int[]> Segments => new()
    {
        { "coco_fakecap", "exact_stem_synonym", [275] },
        { "coco_fakecap", "full_test_table", [275, 414, 564, 683, 694, 756] },
        { "vizwiz_demo100_unfiltered", "exact_stem_synonym", [] },
        { "vizwiz_demo100_unfiltered", "full_test_table", [] },
        { "aligner_stress", "exact_stem_synonym", [192, 276, 523, 1080, 1392, 1479] },
        { "aligner_stress", "full_test_table", [192, 276, 423, 523, 1080, 1392, 1479] },
    };

    [Theory]
    [MemberData(nameof(Segments))]
    public void Score_Golden_EqualsMeteorOnAllButTheListedTies(string file, string mode, int[] ties)
    {
        var comparison = new Comparison("metrics", file);
        var unequal = MeteorGoldens.Segments(comparison, Meteor($"{file}.json.gz"), Fixture.Path("metrics"), mode);
        var result = comparison.Result();
        Assert.True(unequal.SequenceEqual(ties), $"unequal: {string.Join(", ", unequal)}; {result.Detail}");
        Assert.True(result.Outcome == FixtureOutcome.Pass || ties.Length > 0, result.Detail);
    }

    [Theory]
    [InlineData("coco_fakecap")]
    [InlineData("vizwiz_demo100_unfiltered")]
    [InlineData("aligner_stress")]
    public void Score_FromMeteorsStatistics_EqualsMeteor(string file)
    {
        GoldenChecks.Check(into => MeteorGoldens.Formula(into, Meteor($"{file}.json.gz"), "exact_stem_synonym"));
        GoldenChecks.Check(into => MeteorGoldens.Formula(into, Meteor($"{file}.json.gz"), "full_test_table"));
    }

    [Fact]
    public void Score_PublishedValues_Agree() => GoldenChecks.Check(into => MeteorGoldens.Published(into, Meteor("published.json")));

    private static string Meteor(string file) => Fixture.Path("metrics", "meteor", file);
}
