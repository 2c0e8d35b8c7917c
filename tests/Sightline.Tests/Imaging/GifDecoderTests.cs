using Sightline.Imaging;
using Xunit;

namespace Sightline.Tests.Imaging;

public sealed class GifDecoderTests
{
    // PIL fills what the frame leaves free with the transparent colour, or else with colour 0.
    [Theory]
    [InlineData("gif_static.gif", false)]
    [InlineData("gif_transparent.gif", true)]
    public void Decode_FrameSmallerThanTheScreen_FillsTheRest(string file, bool isTransparent)
    {
        var bytes = ImageGoldens.Read(file);
        (bytes[6], bytes[8]) = (70, 50);
        var image = ImageDecoder.Decode(bytes);
        var frame = ImageGoldens.Bytes($"{file}/rgb");
        Assert.Equal((70, 50), (image.Width, image.Height));
        for (var y = 0; y < 45; y++)
            Assert.Equal(frame.AsSpan(y * 183, 183).ToArray(), image.Row(y)[..183].ToArray());
        var control = bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x21, 0xF9, 4]);
        Assert.Equal(isTransparent, control >= 0 && (bytes[control + 3] & 1) != 0);
        var index = isTransparent ? bytes[control + 6] : 0;
        Assert.Equal(bytes.AsSpan(13 + (index * 3), 3).ToArray(), image.Row(49)[^3..].ToArray());
        Assert.Equal(bytes.AsSpan(13 + (index * 3), 3).ToArray(), image.Row(0)[^3..].ToArray());
    }

    [Fact]
    public void Decode_FrameLargerThanTheScreen_GrowsTheScreen()
    {
        var bytes = ImageGoldens.Read("gif_static.gif");
        (bytes[6], bytes[8]) = (5, 5);
        ImageGoldens.AssertSame(ImageGoldens.Bytes("gif_static.gif/rgb"), ImageDecoder.Decode(bytes).Pixels, "gif");
    }
}
