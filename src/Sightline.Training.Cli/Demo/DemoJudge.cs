using Sightline.Data.Shapes;

namespace Sightline.Training.Cli.Demo;

/// <summary>Captions pictures with the saved checkpoint through the core library and judges each caption by rule.</summary>
internal static class DemoJudge
{
    private const int BatchSize = 50;

    public static IReadOnlyList<JudgedCaption> Judge(Captioner captioner, DemoData data, IReadOnlyList<ShapesPicture> pictures)
    {
        var judged = new List<JudgedCaption>(pictures.Count);
        foreach (var chunk in pictures.Chunk(BatchSize))
        {
            var prepared = chunk.Select(picture => new PreparedImage(picture.FileName, data.Options.Size, data.Options.Size, data.PixelValues(picture))).ToList();
            judged.AddRange(captioner.Describe(prepared).Zip(chunk, (caption, picture) => new JudgedCaption(picture, caption, ShapesJudge.IsTrue(picture.Scene, caption.Text))));
        }

        return judged;
    }

    /// <summary>Share of true captions of the scenes of one kind; NaN where there is none.</summary>
    public static (int True, int Count) Count(IEnumerable<JudgedCaption> captions, string kind)
    {
        var ofKind = captions.Where(caption => caption.Picture.Scene.Kind == kind).ToList();
        return (ofKind.Count(caption => caption.IsTrue), ofKind.Count);
    }
}
