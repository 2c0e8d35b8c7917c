using System.Globalization;
using Sightline.Data.Shapes;
using Sightline.Generation;
using Sightline.Imaging;
using Sightline.Kernels;

namespace Sightline.Benchmarks;

/// <summary>
/// What a number format does to captions: the share that stay the same, greedy and with 4 beams, and how far logits, and the greatest of each token, move while the fp32 caption is fed.
/// Pictures are the demonstration's, never learned from (val and heldout, 500 each unless said otherwise), or those of a folder.
/// </summary>
internal static class FidelityBenchmark
{
    private static readonly WeightFormat[] s_formats = [WeightFormat.Bf16, WeightFormat.Int8, WeightFormat.Int4];

    public static void Run(string folder, string? pictures, int seed, int count)
    {
        using var exact = Captioner.Load(folder, new CaptionerOptions { DType = WeightFormat.Fp32 });
        if (pictures is not null)
            Compare(folder, exact, "pictures", [.. PictureFiles.Find(pictures).Select(file => exact.Prepare(file))]);
        else
        {
            Compare(folder, exact, "new pictures of the kinds learned", Shapes(exact, ShapesPart.Val, seed, count));
            Compare(folder, exact, "pictures with pairs of colour and shape never learned", Shapes(exact, ShapesPart.Heldout, seed, count));
        }
    }

    private static void Compare(string folder, Captioner exact, string what, List<PreparedImage> images)
    {
        var (greedy, beams) = (Describe(exact, images, 1), Describe(exact, images, 4));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{folder}: {images.Count} {what}, {greedy.Select(c => c.Text).Distinct().Count()} different captions"));
        Console.WriteLine("format\tgreedy identical\tbeam 4 identical\tlargest change of a greatest logit\tof any\tlogits from\tto");
        foreach (var format in s_formats)
        {
            using var rounded = Captioner.Load(folder, new CaptionerOptions { DType = format });
            var (ofGreatest, change, least, most) = LogitChange(exact, rounded, images, greedy);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{format}\t{Share(greedy, Describe(rounded, images, 1))}\t{Share(beams, Describe(rounded, images, 4))}\t{ofGreatest:F2}\t{change:F2}\t{least:F1}\t{most:F1}"));
        }
    }

    private static List<PreparedImage> Shapes(Captioner captioner, ShapesPart part, int seed, int count)
    {
        var size = captioner.Model.Config.Encoder.ImageSize;
        var options = new ShapesOptions { Level = 1, Size = size, Seed = (ulong)seed, Val = count, Heldout = count };
        return [.. ShapesDataset.Generate(part, options)
            .Select(picture => new PreparedImage(picture.FileName, size, size, captioner.Processor.Preprocess(new RgbImage(size, size, picture.Pixels))))];
    }

    private static List<Caption> Describe(Captioner captioner, List<PreparedImage> images, int beams) =>
        [.. images.Chunk(16).SelectMany(chunk => captioner.Describe(chunk, new GenerationOptions { NumBeams = beams }))];

    private static string Share(List<Caption> expected, List<Caption> actual)
    {
        var same = expected.Zip(actual).Count(pair => pair.First.TokenIds.SequenceEqual(pair.Second.TokenIds));
        return string.Create(CultureInfo.InvariantCulture, $"{same}/{expected.Count} ({100.0 * same / expected.Count:F1} %)");
    }

    private static (float OfGreatest, float Change, float Least, float Most) LogitChange(Captioner exact, Captioner rounded, List<PreparedImage> images, List<Caption> captions)
    {
        var (ofGreatest, change, least, most) = (0f, 0f, float.MaxValue, float.MinValue);
        var start = exact.Model.Config.DecoderStartTokenId ?? 0;
        foreach (var (image, caption) in images.Zip(captions))
        {
            int[] ids = [start, .. caption.TokenIds.SkipLast(1)];
            var expected = exact.Model.Decode(exact.Model.Encode(image.PixelValues), ids).Logits;
            var actual = rounded.Model.Decode(rounded.Model.Encode(image.PixelValues), ids).Logits;
            foreach (var token in expected.Zip(actual).Chunk(expected.Length / ids.Length))
            {
                var greatest = token.MaxBy(pair => pair.First);
                ofGreatest = Math.Max(ofGreatest, Math.Abs(greatest.First - greatest.Second));
                change = Math.Max(change, token.Max(pair => Math.Abs(pair.First - pair.Second)));
                (least, most) = (Math.Min(least, token.Min(pair => pair.First)), Math.Max(most, token.Max(pair => pair.First)));
            }
        }

        return (ofGreatest, change, least, most);
    }
}
