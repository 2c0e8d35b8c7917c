using Sightline.Imaging;

namespace Sightline.Benchmarks;

/// <summary>From a picture file to the model's input, in the ways there are.</summary>
internal static class PictureBenchmark
{
    private const int Side = 224, Runs = 15;

    public static void Run(string path)
    {
        var file = File.ReadAllBytes(path);
        var processor = new ViTImageProcessor(new ImageProcessorConfig());
        var exact = ImageDecoder.Decode(file);
        Console.WriteLine($"{Path.GetFileName(path)}, {exact.Width} x {exact.Height} upright, {file.Length:N0} bytes, {Environment.ProcessorCount} processors; medians of {Runs}");
        Timing.Report("decode", Runs, () => ImageDecoder.Decode(file, new ImageDecodeOptions { ApplyExifOrientation = false }));
        Timing.Report("decode, turn, resize, one after the other", Runs, () => processor.Preprocess(ImageDecoder.Decode(file)));
        Timing.Report("resized while decoded, same bits", Runs, () => Prepare(file, null, processor));
        var expected = PillowResize.Resize(exact, Side, Side, Resampling.Bilinear).Pixels;
        foreach (var minSide in new[] { 896, 448, 224 })
        {
            var options = new ImageDecodeOptions { ScaledDecodingMinSide = minSide };
            var scaled = ImageDecoder.Decode(file, options);
            var pixels = PillowResize.Resize(scaled, Side, Side, Resampling.Bilinear).Pixels;
            var differences = expected.Zip(pixels, (a, b) => Math.Abs(a - b)).ToArray();
            Timing.Report(
                $"scaled decoding, sides of at least {minSide} (1/{exact.Width / scaled.Width}; levels apart: mean {differences.Average():N2}, largest {differences.Max()})",
                Runs,
                () => Prepare(file, minSide, processor));
        }
    }

    private static float[] Prepare(byte[] file, int? minSide, ViTImageProcessor processor) =>
        processor.Preprocess(ImageInput.FromBytes(file).Decode(new ImageDecodeOptions { ScaledDecodingMinSide = minSide }, processor.Target).Image);
}
