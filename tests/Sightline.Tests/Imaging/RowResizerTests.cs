using Sightline.Imaging;
using Sightline.Kernels;
using Xunit;

namespace Sightline.Tests.Imaging;

public sealed class RowResizerTests
{
    public static TheoryData<string> Jpegs => [.. ImageGoldens.FileNames.Where(name => name.EndsWith(".jpg", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Jpegs))]
    public void Decode_JpegWithTarget_EqualsDecodingAndResizing(string file)
    {
        foreach (var options in new[] { ImageDecodeOptions.Default, ImageGoldens.AsStored, new ImageDecodeOptions { ScaledDecodingMinSide = 60 } })
        {
            var whole = ImageGoldens.Decode(file, options);
            var target = new ResizeTarget(new ImageSize(37, 29), Resampling.Bilinear);
            var resized = ImageInput.FromFile(Fixture.Path("images", file)).Decode(options, target);
            Assert.Equal((whole.Width, whole.Height), (resized.Width, resized.Height));
            var expected = PillowResize.Resize(whole, 37, 29, Resampling.Bilinear);
            var actual = PillowResize.Resize(resized.Image, 37, 29, Resampling.Bilinear); // a copy where the decoder resized
            ImageGoldens.AssertSame(expected.Pixels, actual.Pixels, file);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void Resize_RandomPicturesInBands_EqualsTurningAndResizingTheWhole(int orientation)
    {
        Assert.SkipUnless(ResampleKernels.IsVectorized, "No vectors on this machine: pictures are resized whole.");
        var random = new Random(7000 + orientation);
        for (var i = 0; i < 60; i++)
        {
            var image = new RgbImage(random.Next(1, 120), random.Next(1, 120));
            random.NextBytes(image.Pixels);
            var target = new ResizeTarget(new ImageSize(random.Next(1, 80), random.Next(1, 80)), (Resampling)random.Next(1, 6));
            if (!RowResizer.CanResize(image.Width, image.Height, orientation, target))
                continue;
            var bandRows = random.Next(1, 20);
            var resizer = new RowResizer(image.Width, image.Height, orientation, target, bandRows);
            for (var y = 0; y < image.Height; y += bandRows)
                resizer.Add(Rgba(image, y, Math.Min(bandRows, image.Height - y)));
            var expected = PillowResize.Resize(ExifOrientation.Apply(image, orientation), target.Size.Width, target.Size.Height, target.Resampling);
            var actual = resizer.Finish();
            Assert.Equal((expected.Width, expected.Height), (actual.Width, actual.Height));
            ImageGoldens.AssertSame(expected.Pixels, actual.Pixels, $"case {i}: {image.Width}x{image.Height} to {target}, bands of {bandRows}");
        }
    }

    [Fact]
    public void Worker_WorkThatThrows_ThrowsAtTheEnd()
    {
        using var worker = new BandWorker(4, band => throw new InvalidOperationException($"band of {band.Length}"));
        for (var i = 0; i < 10; i++)
            worker.Add(worker.Rent(), 3);
        Assert.Equal("band of 3", Assert.Throws<InvalidOperationException>(worker.Finish).Message);
    }

    private static byte[] Rgba(RgbImage image, int y, int rows) =>
        [.. image.Pixels.Skip(y * image.Width * 3).Take(rows * image.Width * 3).Chunk(3).SelectMany(pixel => pixel.Append((byte)255))];
}
