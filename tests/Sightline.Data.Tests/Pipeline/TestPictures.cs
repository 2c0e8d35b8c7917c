using Sightline.Data.Shapes;

namespace Sightline.Data.Tests.Pipeline;

/// <summary>A small data set with files, made by the shapes generator.</summary>
internal static class TestPictures
{
    public static readonly ShapesOptions Options = new() { Level = 1, Size = 16, Train = 12, Val = 0, Heldout = 0 };

    public static CaptionDataset Write(TemporaryFolder folder)
    {
        ShapesDataset.Write(folder.Path, Options);
        return CaptionDataset.Load(Path.Combine(folder.Path, "annotations", "train.json"));
    }
}
