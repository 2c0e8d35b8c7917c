using System.Text.Json.Nodes;
using Sightline.Data.Shapes;
using Sightline.IO;
using Sightline.Tests;
using Xunit;

namespace Sightline.Data.Tests.Shapes;

/// <summary>golden.json was made by the reference generator in Python.</summary>
public sealed class ShapesGoldenTests
{
    private static readonly JsonObject s_golden =
        JsonFile.ReadObject(Path.Combine(Fixture.Root, "..", "Sightline.Data.Tests", "Shapes", "golden.json"));

    private static IEnumerable<(int Level, ShapesPart Part, JsonObject Sample)> Samples() =>
        from level in s_golden["levels"]!.AsObject()
        from part in level.Value!.AsObject()
        from sample in part.Value!.AsArray()
        select (int.Parse(level.Key), Enum.Parse<ShapesPart>(part.Key, ignoreCase: true), sample.AsObject());

    private static ShapesPicture Make(int level, ShapesPart part, JsonObject sample) => ShapesDataset.Make(
        part, (int)sample["index"]! - (int)part * ShapesDataset.PartStride,
        new ShapesOptions { Level = level, Size = (int)s_golden["size"]!, Seed = (ulong)(int)s_golden["seed"]! });

    [Fact]
    public void SplitMix64_Seed42_GivesTheReferenceNumbers()
    {
        var random = new SplitMix64(42);
        Assert.Equal(s_golden["splitmix64_seed_42"]!.AsArray().Select(n => (string)n!), Enumerable.Range(0, 5).Select(_ => random.Next().ToString()));
    }

    [Fact]
    public void Stream_OfAPicture_GivesTheReferenceNumber() =>
        Assert.Equal((string)s_golden["first_of_stream(seed 7, index 3, which 1)"]!, SplitMix64.Stream(7, 3, 1).Next().ToString());

    [Fact]
    public void Scene_EverySample_EqualsTheReference()
    {
        var count = 0;
        foreach (var (level, part, sample) in Samples())
        {
            var scene = Make(level, part, sample).Scene;
            Assert.Equal(PythonJson.Serialize(sample["scene"], indent: -1), PythonJson.Serialize(scene.ToJson(), indent: -1));
            count++;
        }

        Assert.Equal(48, count);
    }

    [Fact]
    public void Captions_EverySample_EqualTheReference()
    {
        foreach (var (level, part, sample) in Samples())
            Assert.Equal(sample["captions"]!.AsArray().Select(c => (string)c!), Make(level, part, sample).Captions);
    }

    [Fact]
    public void Pixels_EverySample_HaveTheReferenceMeanAndPoint()
    {
        foreach (var (level, part, sample) in Samples())
        {
            var pixels = Make(level, part, sample).Pixels;
            var point = (20 * 64 + 30) * 3;
            Assert.Equal(sample["pixel_x30_y20"]!.AsArray().Select(v => (byte)(int)v!), pixels[point..(point + 3)]);
            for (var c = 0; c < 3; c++)
            {
                var mean = pixels.Where((_, i) => i % 3 == c).Average(v => (double)v);
                Assert.Equal((double)sample["mean_rgb"]![c]!, mean, 0.0051); // two decimals in the file
            }
        }
    }

    [Fact]
    public void Judge_OwnCaptions_AreTrue()
    {
        foreach (var (level, part, sample) in Samples())
        {
            var picture = Make(level, part, sample);
            Assert.All(picture.Captions, caption => Assert.True(ShapesJudge.IsTrue(picture.Scene, caption), caption));
        }
    }

    [Fact]
    public void Scene_ToJsonAndBack_IsTheSame()
    {
        foreach (var (_, _, sample) in Samples())
        {
            var json = sample["scene"]!.AsObject();
            Assert.Equal(PythonJson.Serialize(json), PythonJson.Serialize(ShapesScene.FromJson(json).ToJson()));
        }
    }
}
