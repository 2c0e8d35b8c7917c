using Sightline.Imaging;
using Xunit;

namespace Sightline.Tests.Imaging;

/// <summary>Real photographs, where the optional folder of data is beside the checkout.</summary>
public sealed class PhotoTests
{
    private const string WhyAbsent = "The optional photographs (../shared/data/photos) are not here.";

    [Fact]
    public void Decode_EveryPhoto_GivesAPicture()
    {
        var folder = Photos();
        foreach (var path in Directory.GetFiles(folder).Where(p => !p.EndsWith(".md", StringComparison.Ordinal)))
        {
            if (path.EndsWith(".heic", StringComparison.Ordinal))
            {
                Assert.Contains("HEIC", Assert.Throws<ImageDecodeException>(() => ImageDecoder.DecodeFile(path)).Message, StringComparison.Ordinal);
                continue;
            }

            var image = ImageDecoder.DecodeFile(path);
            Assert.Equal(3 * 224 * 224, new ViTImageProcessor(new()).Preprocess(image).Length);
        }
    }

    [Fact]
    public void Decode_PhonePhoto_IsUpright()
    {
        var path = Path.Combine(Photos(), "phone-12mp-exif6.jpg");
        var upright = ImageDecoder.DecodeFile(path);
        Assert.Equal((3024, 4032), (upright.Width, upright.Height));
        var stored = ImageDecoder.DecodeFile(path, ImageGoldens.AsStored);
        Assert.Equal((4032, 3024), (stored.Width, stored.Height));
    }

    [Fact]
    public void Decode_EightOrientations_ShowOnePicture()
    {
        var images = Enumerable.Range(1, 8).Select(i => ImageDecoder.DecodeFile(Path.Combine(Photos(), $"orient-{i}.jpg"))).ToArray();
        Assert.All(images, image => Assert.Equal((184, 200), (image.Width, image.Height)));

        // Each file was compressed after turning, so the pixels differ by JPEG noise; a wrongly turned picture differs by far more.
        Assert.All(images[1..], image => Assert.InRange(MeanDistance(images[0].Pixels, image.Pixels), 0, 3));
        Assert.True(MeanDistance(images[0].Pixels, ExifOrientation.Apply(images[0], 3).Pixels) > 15);
        Assert.True(MeanDistance(images[0].Pixels, ExifOrientation.Apply(images[0], 2).Pixels) > 15);
    }

    [Fact]
    public void Decode_OnePictureInManyFormats_LooksTheSame()
    {
        var folder = Photos();
        var expected = Small(ImageDecoder.DecodeFile(Path.Combine(folder, "scene.bmp")));
        foreach (var file in new[] { "scene.webp", "scene.tif", "scene.gif", "scene-progressive.jpg", "scene-cmyk.jpg", "scene-palette.png", "scene-small-rgba.png" })
            Assert.True(MeanDistance(expected, Small(ImageDecoder.DecodeFile(Path.Combine(folder, file)))) < 12, file);

        static byte[] Small(RgbImage image) => PillowResize.Resize(image, 64, 64, Resampling.Bilinear).Pixels;
    }

    [Fact]
    public void Decode_BadFiles_SayWhy()
    {
        var folder = Path.Combine(Photos(), "bad");
        foreach (var name in new[] { "truncated.jpg", "not-an-image.jpg", "empty.jpg" })
        {
            var path = Path.Combine(folder, name);
            ImageDecoderTests.AssertOneLine(Assert.Throws<ImageDecodeException>(() => ImageDecoder.DecodeFile(path)), path);
        }

        Assert.True(ImageDecoder.DecodeFile(Path.Combine(folder, "png-named.jpg")).Width > 1);
    }

    [Theory]
    [InlineData("phone-12mp-exif6.jpg")]
    [InlineData("exif6-overexposed-5mp.jpg")]
    public void ScaledDecoding_LargePhoto_StaysWithinTheStatedDistance(string file)
    {
        var path = Path.Combine(Photos(), file);
        var exact = ImageDecoder.DecodeFile(path);
        var scaled = ImageDecoder.DecodeFile(path, new ImageDecodeOptions { ScaledDecodingMinSide = ScaledDecodingTests.RecommendedSide });
        Assert.True(scaled.Width < exact.Width);
        ScaledDecodingTests.AssertClose(exact, scaled);
    }

    internal static double MeanDistance(byte[] a, byte[] b)
    {
        Assert.Equal(a.Length, b.Length);
        return a.Zip(b, (x, y) => (double)Math.Abs(x - y)).Average();
    }

    private static string Photos()
    {
        var folder = Fixture.Data("photos");
        Assert.SkipWhen(folder is null || !Directory.Exists(folder), WhyAbsent);
        return folder!;
    }
}
