using System.Security.Cryptography;
using Sightline.Imaging;
using Sightline.Kernels;
using Xunit;

namespace Sightline.Tests.Imaging;

public sealed class PillowResizeTests
{
    public static TheoryData<string> Goldens => [.. ImageGoldens.TensorNames.Where(t => t.Contains("/resize_", StringComparison.Ordinal))];

    public static TheoryData<Resampling> Filters => [.. Enum.GetValues<Resampling>()];

    public static TheoryData<string> Files => [.. ImageGoldens.FileNames];

    [Fact]
    public void Goldens_CoverEveryFilter() =>
        Assert.Equal(6, Goldens.Select(g => g.Data.Split('/')[1].Split('_')[1]).Distinct().Count());

    [Theory]
    [MemberData(nameof(Goldens))]
    public void Resize_Golden_IsExact(string tensor)
    {
        var parts = tensor.Split('/');
        var name = parts[1].Split('_');
        var sides = name[2].Split('x').Select(int.Parse).ToArray();
        var filter = Enum.Parse<Resampling>(name[1], ignoreCase: true);
        var image = ImageGoldens.Decode(parts[0]);
        foreach (var vectorized in new[] { false, true })
        {
            var actual = PillowResize.Resize(image, sides[1], sides[0], filter, vectorized);
            Assert.Equal((sides[1], sides[0]), (actual.Width, actual.Height));
            ImageGoldens.AssertSame(ImageGoldens.Bytes(tensor), actual.Pixels, $"{tensor} vectorized {vectorized}");
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Resize_EveryFileTo224_HasTheGoldenHash(string file)
    {
        var resized = PillowResize.Resize(ImageGoldens.Decode(file), 224, 224, Resampling.Bilinear);
        var sub = new byte[16 * 16 * 3];
        for (var y = 0; y < 16; y++)
            for (var x = 0; x < 16; x++)
                resized.Pixels.AsSpan(((((7 + (14 * y)) * 224) + 7 + (14 * x)) * 3), 3).CopyTo(sub.AsSpan(((y * 16) + x) * 3));
        ImageGoldens.AssertSame(ImageGoldens.Bytes($"{file}/sub224"), sub, file);
        Assert.Equal((string)ImageGoldens.Files[file]!["resized224_sha256"]!, Convert.ToHexStringLower(SHA256.HashData(resized.Pixels)));
    }

    [Fact]
    public void Resize_SameSize_IsACopy()
    {
        var image = ImageGoldens.Decode("png_rgb.png");
        var copy = PillowResize.Resize(image, image.Width, image.Height, Resampling.Bicubic);
        Assert.NotSame(image.Pixels, copy.Pixels);
        Assert.Equal(image.Pixels, copy.Pixels);
    }

    [Theory]
    [MemberData(nameof(Filters))]
    public void Resize_RandomPicturesAndSizes_VectorisedEqualsPlain(Resampling filter)
    {
        Assert.SkipUnless(ResampleKernels.IsVectorized, "No vectors on this machine: the plain passes are used.");
        var random = new Random(20240 + (int)filter);
        var sum = 0L;
        for (var i = 0; i < 150; i++)
        {
            var image = new RgbImage(random.Next(1, i < 100 ? 70 : 900), random.Next(1, i < 100 ? 70 : 300));
            random.NextBytes(image.Pixels);
            if (i % 3 == 0)
                for (var p = 0; p < image.Pixels.Length; p++)
                    image.Pixels[p] = image.Pixels[p] < 128 ? byte.MinValue : byte.MaxValue; // overshoot of the sharp filters
            var (width, height) = (random.Next(1, 90), random.Next(1, 90));
            var plain = PillowResize.Resize(image, width, height, filter, vectorized: false);
            var vector = PillowResize.Resize(image, width, height, filter, vectorized: true);
            ImageGoldens.AssertSame(plain.Pixels, vector.Pixels, $"case {i}: {image.Width}x{image.Height} to {width}x{height}");
            sum += plain.Pixels.Max(p => p) - plain.Pixels.Min(p => p);
        }

        Assert.True(sum > 150 * 10, "The results hardly vary.");
    }

    [Fact]
    public void Resize_ConstantPicture_StaysConstant()
    {
        foreach (var filter in Enum.GetValues<Resampling>())
        {
            var image = new RgbImage(37, 23);
            for (var i = 0; i < image.Pixels.Length; i++)
                image.Pixels[i] = (byte)(i % 3 * 127);
            var resized = PillowResize.Resize(image, 11, 50, filter);
            for (var i = 0; i < resized.Pixels.Length; i++)
                Assert.Equal(i % 3 * 127, resized.Pixels[i]);
        }
    }

    [Fact]
    public void Resize_BadArguments_AreRefused()
    {
        var image = new RgbImage(2, 2);
        Assert.Throws<ArgumentOutOfRangeException>(() => PillowResize.Resize(image, 0, 5, Resampling.Bilinear));
        Assert.Throws<ArgumentOutOfRangeException>(() => PillowResize.Resize(image, 5, -1, Resampling.Nearest));
        Assert.Throws<ArgumentOutOfRangeException>(() => PillowResize.Resize(image, 5, 5, (Resampling)6));
    }
}
