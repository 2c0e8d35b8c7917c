using System.Security.Cryptography;
using Sightline.Imaging;
using Xunit;

namespace Sightline.Tests.Imaging;

public sealed class ImageDecoderTests
{
    public static TheoryData<string> GoodFiles => [.. ImageGoldens.FileNames];

    public static TheoryData<string> BadFiles => [.. ImageGoldens.Expected["errors"]!.AsObject().Select(e => e.Key)];

    [Fact]
    public void Goldens_AreAllThere()
    {
        Assert.Equal(49, ImageGoldens.FileNames.Count());
        Assert.Equal(6, BadFiles.Count);
    }

    // Exact even where the fixture's tolerance allows another decoder's differences: Skia carries libjpeg-turbo and libwebp.
    [Theory]
    [MemberData(nameof(GoodFiles))]
    public void Decode_GoldenFile_GivesPilsPixels(string file)
    {
        var facts = ImageGoldens.Files[file]!;
        var image = ImageGoldens.Decode(file);
        Assert.Equal(((int)facts["width"]!, (int)facts["height"]!), (image.Width, image.Height));
        var stored = facts["rgb_same_as"] is { } same ? (string)same! : file;
        var wasCompared = false;
        if (ImageGoldens.Has($"{stored}/rgb"))
        {
            ImageGoldens.AssertSame(ImageGoldens.Bytes($"{stored}/rgb"), image.Pixels, file);
            wasCompared = true;
        }

        if (ImageGoldens.Has($"{file}/rgb_rows_every_16"))
        {
            var rows = Enumerable.Range(0, (image.Height + 15) / 16).SelectMany(y => image.Pixels.AsSpan(y * 16 * image.Width * 3, image.Width * 3).ToArray());
            ImageGoldens.AssertSame(ImageGoldens.Bytes($"{file}/rgb_rows_every_16"), rows.ToArray(), file);
            wasCompared = true;
        }

        if (facts["rgb_sha256"] is { } hash)
        {
            Assert.Equal((string)hash!, Convert.ToHexStringLower(SHA256.HashData(image.Pixels)));
            wasCompared = true;
        }

        Assert.True(wasCompared);
    }

    [Theory]
    [MemberData(nameof(GoodFiles))]
    public void Decode_ByDefault_AppliesTheOrientation(string file)
    {
        var facts = ImageGoldens.Files[file]!;
        var image = ImageGoldens.Decode(file, ImageDecodeOptions.Default);
        if (facts["exif_transposed_size"] is { } size)
        {
            Assert.Equal(((int)size[0]!, (int)size[1]!), (image.Width, image.Height));
            ImageGoldens.AssertSame(ImageGoldens.Bytes($"{file}/rgb_exif"), image.Pixels, file);
        }
        else
        {
            ImageGoldens.AssertSame(ImageGoldens.Decode(file).Pixels, image.Pixels, file);
        }
    }

    [Theory]
    [MemberData(nameof(GoodFiles))]
    public void Decode_BytesSpanAndStream_GiveTheSamePicture(string file)
    {
        var bytes = ImageGoldens.Read(file);
        var expected = ImageGoldens.Decode(file);
        Assert.Equal(expected.Pixels, ImageDecoder.Decode(bytes, ImageGoldens.AsStored).Pixels);
        Assert.Equal(expected.Pixels, ImageDecoder.Decode((ReadOnlySpan<byte>)bytes, ImageGoldens.AsStored).Pixels);
        Assert.Equal(expected.Pixels, ImageDecoder.Decode((ReadOnlyMemory<byte>)bytes, ImageGoldens.AsStored).Pixels);
        using var stream = new MemoryStream([0, .. bytes]) { Position = 1 };
        Assert.Equal(expected.Pixels, ImageDecoder.Decode(stream, ImageGoldens.AsStored).Pixels);
        Assert.Equal(stream.Length, stream.Position);
    }

    [Theory]
    [MemberData(nameof(BadFiles))]
    public void Decode_BadFile_GivesOneLineThatNamesIt(string file)
    {
        var path = Fixture.Path("images", file);
        AssertOneLine(Assert.Throws<ImageDecodeException>(() => ImageDecoder.DecodeFile(path)), path);
        AssertOneLine(Assert.Throws<ImageDecodeException>(() => ImageDecoder.Decode(ImageGoldens.Read(file), source: "upload")), "upload");
    }

    [Fact]
    public void DecodeFile_MissingFileOrFolder_GivesOneLineThatNamesIt()
    {
        var missing = Fixture.Path("images", "no-such.jpg");
        AssertOneLine(Assert.Throws<ImageDecodeException>(() => ImageDecoder.DecodeFile(missing)), missing);
        AssertOneLine(Assert.Throws<ImageDecodeException>(() => ImageDecoder.DecodeFile(Fixture.Path("images"))), Fixture.Path("images"));
    }

    [Fact]
    public void Decode_Heic_SaysWhatToDo()
    {
        byte[] heic = [0, 0, 0, 24, .. "ftypheic"u8, 0, 0, 0, 0, .. "mif1heic"u8];
        Assert.Contains("convert the picture to JPEG", Assert.Throws<ImageDecodeException>(() => ImageDecoder.Decode(heic)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_MoreBytesThanAllowed_IsRefused()
    {
        var bytes = ImageGoldens.Read("png_rgb.png");
        var options = new ImageDecodeOptions { MaxBytes = bytes.Length - 1 };
        Assert.Throws<ImageDecodeException>(() => ImageDecoder.Decode(bytes, options));
        using var stream = new MemoryStream(bytes);
        Assert.Throws<ImageDecodeException>(() => ImageDecoder.Decode(stream, options));
        Assert.Equal(61, ImageDecoder.Decode(bytes, options with { MaxBytes = bytes.Length }).Width);
    }

    [Theory]
    [MemberData(nameof(GoodFiles))]
    public void Decode_MorePixelsThanAllowed_IsRefused(string file)
    {
        var facts = ImageGoldens.Files[file]!;
        var pixels = (long)facts["width"]! * (long)facts["height"]!;
        Assert.Equal(pixels, (long)ImageGoldens.Decode(file, new ImageDecodeOptions { MaxPixels = pixels }).Pixels.Length / 3);
        if (pixels > 1)
            Assert.Contains(
                $"at most {pixels - 1} are decoded",
                Assert.Throws<ImageDecodeException>(() => ImageGoldens.Decode(file, new ImageDecodeOptions { MaxPixels = pixels - 1 })).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_FromManyThreads_GivesTheSamePictures()
    {
        var files = ImageGoldens.FileNames.ToArray();
        var expected = files.Select(f => ImageGoldens.Decode(f).Pixels).ToArray();
        Parallel.For(0, files.Length * 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
            Assert.Equal(expected[i % files.Length], ImageGoldens.Decode(files[i % files.Length]).Pixels));
    }

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(715_827_870, 1, 1)]
    [InlineData(1, 0, 1)]
    [InlineData(1, 1, 0)]
    public void Options_OutOfRange_AreRefused(long maxPixels, long maxBytes, int minSide) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ImageDecoder.Decode(
            ImageGoldens.Read("png_1x1.png"), new ImageDecodeOptions { MaxPixels = maxPixels, MaxBytes = maxBytes, ScaledDecodingMinSide = minSide }));

    internal static void AssertOneLine(ImageDecodeException e, string name)
    {
        Assert.StartsWith(name + ": ", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
        Assert.InRange(e.Message.Length - name.Length, 10, 300);
    }
}
