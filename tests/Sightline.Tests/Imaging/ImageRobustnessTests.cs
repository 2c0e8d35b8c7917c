using System.Buffers.Binary;
using System.IO.Compression;
using Sightline.Imaging;
using Xunit;

namespace Sightline.Tests.Imaging;

/// <summary>Damaged and hostile files: one line, never another exception, and memory bounded by what the file can hold.</summary>
public sealed class ImageRobustnessTests
{
    // A mutated header may declare a large picture; this bounds the time of a test run, not the decoder.
    private static readonly ImageDecodeOptions s_small = new() { MaxPixels = 2_000_000 };

    public static TheoryData<string> Files => [.. ImageGoldens.FileNames, .. ImageGoldens.Expected["errors"]!.AsObject().Select(e => e.Key)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Decode_MutatedFile_DecodesOrSaysWhy(string file)
    {
        var bytes = ImageGoldens.Read(file);
        if (bytes.Length == 0)
            bytes = [0];
        var seed = file.Aggregate(17, (hash, c) => (hash * 31) + c);
        var random = new Random(seed);
        var changed = 0;
        for (var i = 0; i < 150; i++)
        {
            var mutated = (byte[])bytes.Clone();
            for (var n = random.Next(1, 6); n > 0; n--)
            {
                // Half of the changes go to the header, where the structure is.
                var at = random.Next(random.Next(2) == 0 ? mutated.Length : Math.Min(mutated.Length, 160));
                mutated[at] = random.Next(3) switch { 0 => (byte)(mutated[at] ^ (1 << random.Next(8))), 1 => byte.MaxValue, _ => (byte)random.Next(256) };
            }

            // Checksums would stop nearly every change of a PNG file at the door.
            if (i % 2 == 0)
                FixPngChecksums(mutated);
            changed += TryDecode(mutated, $"{file}, seed {seed}, case {i}") ? 0 : 1;
        }

        Assert.True(changed > 0, "No mutation was noticed: is anything mutated?");
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Decode_CutOffFile_DecodesOrSaysWhy(string file)
    {
        var bytes = ImageGoldens.Read(file);
        var step = Math.Max(1, bytes.Length / 150);
        for (var length = 0; length < bytes.Length; length += step)
            TryDecode(bytes[..length], $"{file} cut at {length}");
    }

    // PIL: "image file is truncated". GIF and PNG may lose what follows the picture; BMP and TIFF here end with pixels or lose their directory.
    [Theory]
    [InlineData("jpeg_baseline_420.jpg", 1)]
    [InlineData("jpeg_baseline_420.jpg", 2)]
    [InlineData("jpeg_progressive_420.jpg", 2)]
    [InlineData("jpeg_progressive_420.jpg", 300)]
    [InlineData("jpeg_cmyk.jpg", 100)]
    [InlineData("jpeg_gray.jpg", 3)]
    [InlineData("png_rgb.png", 40)]
    [InlineData("png_gray4_interlaced.png", 40)]
    [InlineData("gif_static.gif", 20)]
    [InlineData("bmp_24.bmp", 10)]
    [InlineData("webp_lossy.webp", 200)]
    [InlineData("webp_lossless.webp", 200)]
    [InlineData("tiff_rgb_lzw.tif", 6000)]
    public void Decode_CutOffPicture_IsAnError(string file, int missing)
    {
        var bytes = ImageGoldens.Read(file)[..^missing];
        ImageDecoderTests.AssertOneLine(Assert.Throws<ImageDecodeException>(() => ImageDecoder.Decode(bytes, source: "cut")), "cut");
    }

    public static TheoryData<string, byte[]> Bombs => new()
    {
        { "JPEG 65535 x 65535", [0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0xFF, 0xFF, 0xFF, 0xFF, 1, 1, 0x11, 0, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0xFF, 0xD9] },
        { "JPEG 13000 x 13000 in a few bytes", [0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0x32, 0xC8, 0x32, 0xC8, 1, 1, 0x11, 0, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0xFF, 0xD9] },
        { "PNG 65535 x 65535", Png(65535, 65535, 1000) },
        { "PNG 2^31 x 2^31", Png(0x7FFFFFFF, 0x7FFFFFFF, 1000) },
        { "PNG 13000 x 13000 in a few bytes", Png(13000, 13000, 1000) },
        { "PNG 170 million x 1", Png(170_000_000, 1, 30_000) },
        { "GIF 65535 x 65535", Gif(65535, 65535, 1, 1) },
        { "GIF frame 65535 x 65535", Gif(1, 1, 65535, 65535) },
        { "BMP 65535 x 65535", Bmp(65535, 65535) },
        { "TIFF 65535 x 65535", Tiff(65535, 65535, 1) },
        { "TIFF 13000 x 13000 in a few bytes", Tiff(13000, 13000, 1) },
        { "TIFF 13000 x 13000 LZW in a few bytes", Tiff(13000, 13000, 5) },
        { "WebP 16383 x 16383", [.. "RIFF"u8, 30, 0, 0, 0, .. "WEBPVP8L"u8, 17, 0, 0, 0, 0x2F, 0xFE, 0xFF, 0xFF, 0x0F, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] },
    };

    [Theory]
    [MemberData(nameof(Bombs))]
    public void Decode_HugeDeclaredSize_IsRefusedBeforeMemoryIsTaken(string name, byte[] file)
    {
        TryDecode([.. file], name); // warm up
        var before = GC.GetAllocatedBytesForCurrentThread();
        ImageDecoderTests.AssertOneLine(Assert.Throws<ImageDecodeException>(() => ImageDecoder.Decode(file, source: name)), name);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    // Found by the mutations: zlib then fails with another exception than for broken data.
    [Fact]
    public void Decode_PngThatAsksForAPresetDictionary_SaysWhy()
    {
        var file = ImageGoldens.Read("png_rgb.png");
        var data = file.AsSpan().IndexOf("IDAT"u8) + 4;
        file[data + 1] = 0x20; // 0x7820 is divisible by 31 and has the dictionary bit
        Assert.Equal(0x78, file[data]);
        FixPngChecksums(file);
        ImageDecoderTests.AssertOneLine(Assert.Throws<ImageDecodeException>(() => ImageDecoder.Decode(file, source: "png")), "png");
    }

    [Fact]
    public void Decode_RandomBytesBehindASignature_SayWhy()
    {
        var random = new Random(7);
        byte[][] signatures = [[0xFF, 0xD8, 0xFF], [.. PngDecoder.Signature], [.. "GIF89a"u8], [.. "BM"u8], [.. "RIFF1234WEBPVP8 "u8], [.. "II*\0"u8], [.. "MM\0*"u8]];
        for (var i = 0; i < 2000; i++)
        {
            var noise = new byte[random.Next(400)];
            random.NextBytes(noise);
            TryDecode([.. signatures[i % signatures.Length], .. noise], $"noise {i}");
        }

        Assert.Throws<ImageDecodeException>(() => ImageDecoder.Decode(signatures[0]));
    }

    private static bool TryDecode(byte[] bytes, string what)
    {
        try
        {
            var image = ImageDecoder.Decode(bytes, s_small, "fuzz");
            Assert.Equal(image.Width * image.Height * 3, image.Pixels.Length);
            return true;
        }
        catch (ImageDecodeException e)
        {
            ImageDecoderTests.AssertOneLine(e, "fuzz");
            return false;
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException($"{what}: {e.GetType().Name} {e.Message}", e);
        }
    }

    private static void FixPngChecksums(byte[] file)
    {
        if (!file.AsSpan().StartsWith(PngDecoder.Signature))
            return;
        for (var at = 8; at + 12 <= file.Length;)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at));
            if (length > file.Length - at - 12)
                return;
            BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(at + 8 + (int)length), Crc32.Compute(file.AsSpan(at + 4, 4 + (int)length)));
            at += 12 + (int)length;
        }
    }

    private static byte[] Png(int width, int height, int dataBytes)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = 8;
        using var data = new MemoryStream();
        using (var compressed = new ZLibStream(data, CompressionLevel.NoCompression, leaveOpen: true))
            compressed.Write(new byte[dataBytes]);
        byte[] file = [.. PngDecoder.Signature, .. Chunk("IHDR"u8, header), .. Chunk("IDAT"u8, data.ToArray())];
        FixPngChecksums(file);
        return file;

        static byte[] Chunk(ReadOnlySpan<byte> type, byte[] content)
        {
            var length = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(length, content.Length);
            return [.. length, .. type, .. content, 0, 0, 0, 0];
        }
    }

    private static byte[] Gif(ushort screenWidth, ushort screenHeight, ushort width, ushort height) =>
    [
        .. "GIF89a"u8, .. Le(screenWidth, screenHeight), 0x80, 0, 0, 0, 0, 0, 255, 255, 255,
        (byte)',', 0, 0, 0, 0, .. Le(width, height), 0, 2, 2, 0x44, 0x01, 0, (byte)';',
    ];

    private static byte[] Bmp(ushort width, ushort height) =>
    [
        .. "BM"u8, 100, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, .. Le(width, 0, height, 0, 1, 24), .. new byte[24 + 46],
    ];

    private static byte[] Tiff(ushort width, ushort height, ushort compression)
    {
        ushort[] tags = [256, width, 257, height, 258, 8, 259, compression, 262, 1, 273, 8, 277, 1, 278, height, 279, 50];
        byte[] file = [.. "II*\0"u8, 8, 0, 0, 0, .. Le((ushort)(tags.Length / 2))];
        for (var i = 0; i < tags.Length; i += 2)
            file = [.. file, .. Le(tags[i], 3, 1, 0, tags[i + 1], 0)];
        return [.. file, 0, 0, 0, 0];
    }

    private static byte[] Le(params ushort[] values) => [.. values.SelectMany(v => new[] { (byte)v, (byte)(v >> 8) })];
}
