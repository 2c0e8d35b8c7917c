using Sightline.Imaging;
using Xunit;

namespace Sightline.Tests.Imaging;

public sealed class ViTImageProcessorTests
{
    public static TheoryData<string> Files => [.. ImageGoldens.FileNames];

    [Theory]
    [InlineData("standard.417", ImageProcessorStyle.FeatureExtractor, false)]
    [InlineData("standard.431", ImageProcessorStyle.ImageProcessor, false)]
    [InlineData("imagenet.417", ImageProcessorStyle.FeatureExtractor, true)]
    [InlineData("imagenet.431", ImageProcessorStyle.ImageProcessor, true)]
    public void Preprocess_EveryByteValue_HasTheReferencesBits(string table, ImageProcessorStyle style, bool imageNet)
    {
        var config = new ImageProcessorConfig { Style = style, DoResize = false };
        if (imageNet)
            config = config with { ImageMean = [0.485, 0.456, 0.406], ImageStd = [0.229, 0.224, 0.225] };
        var image = new RgbImage(256, 1);
        for (var i = 0; i < 768; i++)
            image.Pixels[i] = (byte)(i / 3);
        var expected = ImageGoldens.PixelTable(table);
        var actual = new ViTImageProcessor(config).Preprocess(image);
        Assert.Equal(expected.Select(BitConverter.SingleToInt32Bits), actual.Select(BitConverter.SingleToInt32Bits));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Preprocess_EveryFile_HasTheGoldenStatistics(string file)
    {
        var values = new ViTImageProcessor(new ImageProcessorConfig()).Preprocess(ImageGoldens.Decode(file));
        var stats = ImageGoldens.Files[file]!["pixel_stats"]!;
        const int Plane = 224 * 224;
        Assert.Equal(3 * Plane, values.Length);
        for (var c = 0; c < 3; c++)
        {
            var plane = values.AsSpan(c * Plane, Plane).ToArray();
            var mean = plane.Average(v => (double)v);
            var deviation = Math.Sqrt(plane.Average(v => (v - mean) * (v - mean)));
            Assert.Equal((double)stats["mean"]![c]!, mean, 1e-8); // stored with nine digits
            Assert.Equal((double)stats["std"]![c]!, deviation, 1e-8);
        }
    }

    [Fact]
    public void Preprocess_DeiTDefaults_EqualsTheGoldenPipeline()
    {
        var pipeline = ImageGoldens.Expected["pipelines"]!["deit_default"]!;
        var config = ImageProcessorConfig.Parse(pipeline["config"]!.AsObject(), "deit_default");
        Assert.True(config.DoCenterCrop);
        var values = new ViTImageProcessor(config).Preprocess(ImageGoldens.Decode("jpeg_big_420.jpg"));
        Assert.Equal(3 * 224 * 224, values.Length);
        var expected = ImageGoldens.Singles("pipeline/deit_default/jpeg_big_420.jpg");
        for (var c = 0; c < 3; c++)
            for (var y = 0; y < 28; y++)
                for (var x = 0; x < 28; x++)
                    Assert.Equal(expected[(((c * 28) + y) * 28) + x], values[(((c * 224) + (y * 8)) * 224) + (x * 8)]);
    }

    // 4.17 refuses these unless the caller converts to RGB first; here every decoded picture is RGB, as with convert("RGB").
    [Fact]
    public void Preprocess_FilesThatTheReferenceNeedsConverted_AreConverted()
    {
        var files = ImageGoldens.Expected["without_convert_rgb_4.17"]!.AsObject();
        Assert.Equal(5, files.Count);
        foreach (var (file, _) in files)
            Assert.Equal(3 * 224 * 224, new ViTImageProcessor(new()).Preprocess(ImageGoldens.Decode(file)).Length);
    }

    [Fact]
    public void Preprocess_SpanOfABatch_EqualsTheSinglePicture()
    {
        var processor = new ViTImageProcessor(new() { Size = new(80, 48) });
        var image = ImageGoldens.Decode("png_rgb.png");
        var single = processor.Preprocess(image);
        var batch = new float[2 * single.Length];
        processor.Preprocess(image, batch.AsSpan(single.Length));
        Assert.Equal(single, batch[single.Length..]);
        Assert.All(batch[..single.Length], v => Assert.Equal(0f, v));
        Assert.Throws<ArgumentException>(() => processor.Preprocess(image, batch));
    }

    [Fact]
    public void Preprocess_CropLargerThanThePicture_PadsWithBlack()
    {
        var config = new ImageProcessorConfig { DoResize = false, DoCenterCrop = true, CropSize = new(6, 5), DoNormalize = false };
        var image = new RgbImage(3, 2);
        Array.Fill(image.Pixels, byte.MaxValue);
        var red = new ViTImageProcessor(config).Preprocess(image)[..30];
        for (var y = 0; y < 5; y++)
            for (var x = 0; x < 6; x++)
                Assert.Equal(x is >= 2 and < 5 && y is >= 2 and < 4 ? 1f : 0f, red[(y * 6) + x]);
    }

    [Fact]
    public void Preprocess_WithoutRescale_KeepsByteValues()
    {
        var config = new ImageProcessorConfig { Style = ImageProcessorStyle.ImageProcessor, DoResize = false, DoRescale = false, DoNormalize = false };
        Assert.Equal([7f, 8f, 9f], new ViTImageProcessor(config).Preprocess(new RgbImage(1, 1, [7, 8, 9])));
    }

    [Fact]
    public void Constructor_BadConfiguration_ListsEveryProblem()
    {
        var e = Assert.Throws<ConfigurationException>(() => new ViTImageProcessor(new() { Size = new(0, 1), ImageStd = [1, 0, 1] }));
        Assert.Contains("2 problems", e.Message, StringComparison.Ordinal);
    }
}
