using Sightline.Metrics.Tests.Goldens;
using Sightline.Tests;
using Xunit;

namespace Sightline.Metrics.Tests.SceneGraphs;

public sealed class SpiceTests
{
    [Theory]
    [InlineData("coco_fakecap_tuples")]
    [InlineData("synthetic_tuples")]
    [InlineData("vizwiz_demo100_tuples")]
    public void ScoreTuples_Golden_EqualsSpice(string file) => SpiceGoldens.Tuples(Fixture.Path("metrics", "spice", $"{file}.json.gz")).Check();
}
