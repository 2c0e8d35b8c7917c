using Sightline.Imaging;
using Xunit;

namespace Sightline.Tests.Imaging;

public sealed class ScaledDecodingTests
{
    /// <summary>Four times the side of the model's input, as the option's documentation recommends.</summary>
    public const int RecommendedSide = 4 * 224;

    [Theory]
    [InlineData(240, 320, 240)]
    [InlineData(241, 640, 480)]
    [InlineData(60, 80, 60)]
    [InlineData(1, 80, 60)]
    public void Decode_MinSide_HalvesAtMostThreeTimesAndKeepsTheSide(int minSide, int width, int height)
    {
        var image = ImageGoldens.Decode("jpeg_big_420.jpg", new ImageDecodeOptions { ScaledDecodingMinSide = minSide });
        Assert.Equal((width, height), (image.Width, image.Height));
    }

    [Fact]
    public void Decode_OtherKinds_IgnoreTheOption()
    {
        var image = ImageGoldens.Decode("png_224x224_palette.png", new ImageDecodeOptions { ScaledDecodingMinSide = 1 });
        Assert.Equal(224, image.Width);
    }

    // The golden picture is small, so the same ratio (4 : 1 to the model's side) is tested with a model of 56.
    [Fact]
    public void Decode_FourTimesTheModelsSide_StaysWithinTheStatedDistance()
    {
        var exact = ImageGoldens.Decode("jpeg_big_420.jpg");
        var scaled = ImageGoldens.Decode("jpeg_big_420.jpg", new ImageDecodeOptions { ScaledDecodingMinSide = 4 * 56 });
        Assert.Equal(320, scaled.Width);
        AssertClose(exact, scaled, 56);
    }

    internal static void AssertClose(RgbImage exact, RgbImage scaled, int side = 224)
    {
        var a = PillowResize.Resize(exact, side, side, Resampling.Bilinear).Pixels;
        var b = PillowResize.Resize(scaled, side, side, Resampling.Bilinear).Pixels;
        var most = a.Zip(b, (x, y) => Math.Abs(x - y)).Max();
        var mean = PhotoTests.MeanDistance(a, b);
        TestContext.Current.TestOutputHelper?.WriteLine($"mean {mean:F4}, largest {most}");
        Assert.InRange(mean, 0.0, 1.0);
        Assert.InRange(most, 0, 16);
        Assert.True(mean > 0, "Scaled and exact decoding agree bit for bit: was anything scaled?");
    }
}
