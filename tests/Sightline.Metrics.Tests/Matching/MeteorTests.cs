using Sightline.Metrics.Tests.Goldens;
using Sightline.Tests;
using Xunit;

namespace Sightline.Metrics.Tests.Matching;

public sealed class MeteorTests
{
    [Fact]
    public void Normalize_Golden_EqualsMeteor() => MeteorGoldens.Normalizer(Meteor("normalizer.json.gz")).Check();

    [Fact]
    public void Stem_Golden_EqualsSnowball() => MeteorGoldens.Stems(Meteor("stems.json.gz")).Check();

    [Fact]
    public void Synsets_Golden_EqualMeteor() => MeteorGoldens.Synsets(Meteor("synsets.json.gz")).Check();

    [Theory]
    [InlineData("coco_fakecap", "exact_stem_synonym")]
    [InlineData("coco_fakecap", "full_test_table")]
    [InlineData("vizwiz_demo100_unfiltered", "exact_stem_synonym")]
    [InlineData("vizwiz_demo100_unfiltered", "full_test_table")]
    [InlineData("aligner_stress", "exact_stem_synonym")]
    [InlineData("aligner_stress", "full_test_table")]
    public void Score_Golden_EqualsMeteor(string file, string mode)
    {
        var (statistics, scores) = MeteorGoldens.Segments(Meteor($"{file}.json.gz"), Fixture.Path("metrics"), mode);
        statistics.Check();
        scores.Check();
    }

    [Fact]
    public void Score_PublishedValues_Agree() => MeteorGoldens.Published(Meteor("published.json")).Check();

    private static string Meteor(string file) => Fixture.Path("metrics", "meteor", file);
}
