using Sightline.Imaging;
using Xunit;

namespace Sightline.Tests.Imaging;

public sealed class ExifOrientationTests
{
    private static readonly byte[] s_little = [.. "II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0];
    private static readonly byte[] s_big = [.. "MM\0*"u8, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 8, 0, 0];

    [Fact]
    public void Read_EitherByteOrderAndPrefix_GivesTheOrientation()
    {
        Assert.Equal(6, ExifOrientation.Read(s_little));
        Assert.Equal(8, ExifOrientation.Read(s_big));
        Assert.Equal(6, ExifOrientation.Read([.. "Exif\0\0"u8, .. s_little]));
    }

    [Fact]
    public void Read_DamagedData_GivesOne()
    {
        for (var length = 0; length < s_little.Length - 3; length++)
            Assert.Equal(1, ExifOrientation.Read(s_little.AsSpan(0, length)));
        byte[] farAway = [.. "II*\0"u8, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0];
        Assert.Equal(1, ExifOrientation.Read(farAway));
        var nine = (byte[])s_little.Clone();
        nine[18] = 9;
        Assert.Equal(1, ExifOrientation.Read(nine));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    [InlineData(4, 4)]
    [InlineData(5, 5)]
    [InlineData(6, 8)]
    [InlineData(7, 7)]
    [InlineData(8, 6)]
    public void Apply_ThenItsInverse_GivesThePictureBack(int orientation, int inverse)
    {
        var image = new RgbImage(70, 45); // more than one tile each way, and a remainder
        new Random(orientation).NextBytes(image.Pixels);
        var turned = ExifOrientation.Apply(image, orientation);
        Assert.Equal(orientation >= 5 ? (45, 70) : (70, 45), (turned.Width, turned.Height));
        Assert.Equal(orientation == 1, image.Pixels.AsSpan().SequenceEqual(turned.Pixels));
        Assert.Equal(image.Pixels, ExifOrientation.Apply(turned, inverse).Pixels);
    }
}
