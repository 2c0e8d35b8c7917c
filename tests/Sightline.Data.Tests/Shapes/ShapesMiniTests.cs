using Sightline.Data.Shapes;
using Sightline.Tests;
using Xunit;

namespace Sightline.Data.Tests.Shapes;

/// <summary>3,400 pictures that the reference generator wrote; the folder is optional.</summary>
public sealed class ShapesMiniTests
{
    private static readonly ShapesOptions s_options = new() { Level = 1, Size = 32, Seed = 7, Train = 3000, Val = 200, Heldout = 200 };

    private static string Folder()
    {
        var folder = Fixture.Data("shapes-mini");
        Assert.SkipWhen(folder is null, "shared/data/shapes-mini is not beside this checkout.");
        return folder!;
    }

    [Fact]
    public void Write_SameOptions_GivesTheReferenceAnnotationsByteForByte()
    {
        var reference = Folder();
        using var folder = new TemporaryFolder();
        ShapesDataset.Write(folder.Path, s_options, TestContext.Current.CancellationToken);
        foreach (var part in new[] { "train", "val", "heldout" })
        {
            Assert.Equal(
                File.ReadAllBytes(Path.Combine(reference, "annotations", part + ".json")),
                File.ReadAllBytes(Path.Combine(folder.Path, "annotations", part + ".json")));
            Assert.Equal(
                Directory.GetFiles(Path.Combine(reference, part)).Select(Path.GetFileName).Order(),
                Directory.GetFiles(Path.Combine(folder.Path, part)).Select(Path.GetFileName).Order());
        }
    }

    [Theory]
    [InlineData(ShapesPart.Train)]
    [InlineData(ShapesPart.Val)]
    [InlineData(ShapesPart.Heldout)]
    public void Generate_SameOptions_GivesTheReferencePixelsExactly(ShapesPart part)
    {
        var reference = Path.Combine(Folder(), part.ToString().ToLowerInvariant());
        foreach (var picture in ShapesDataset.Generate(part, s_options, TestContext.Current.CancellationToken))
            Assert.Equal(PngPixels.Read(Path.Combine(reference, picture.FileName)), picture.Pixels);
    }
}
