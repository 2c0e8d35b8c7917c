using System.Buffers.Binary;
using System.IO.Compression;
using Sightline.Imaging;
using Xunit;

namespace Sightline.Tests.Imaging;

/// <summary>TIFF files written here in many layouts; the pixels are known. (All were compared with Pillow 9.4 when this was written.)</summary>
public sealed class TiffDecoderTests
{
    private const int Width = 21, Height = 13;

    private static readonly byte[] s_rgb = MakePixels();

    public static TheoryData<bool, int, bool, bool, int, int> Layouts()
    {
        var data = new TheoryData<bool, int, bool, bool, int, int>();
        foreach (var littleEndian in new[] { true, false })
            foreach (var compression in new[] { TiffCompression.None, TiffCompression.PackBits, TiffCompression.AdobeDeflate, TiffCompression.Deflate })
                foreach (var tiled in new[] { false, true })
                    foreach (var planar in new[] { false, true })
                        foreach (var predictor in new[] { 1, 2 })
                            foreach (var depth in new[] { 8, 16 })
                                data.Add(littleEndian, compression, tiled, planar, predictor, depth);
        return data;
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Decode_RgbInAnyLayout_GivesThePixels(bool littleEndian, int compression, bool tiled, bool planar, int predictor, int depth)
    {
        var file = new Writer(littleEndian).WriteRgb(compression, tiled, planar, predictor, depth);
        var image = ImageDecoder.Decode(file);
        Assert.Equal((Width, Height), (image.Width, image.Height));
        ImageGoldens.AssertSame(s_rgb, image.Pixels, "rgb");
    }

    [Theory]
    [InlineData(0, 8, 200, 55)]
    [InlineData(1, 8, 200, 200)]
    [InlineData(1, 4, 0xAB, 0xAA, 0xBB)]
    [InlineData(0, 4, 0xAB, 0x55, 0x44)]
    [InlineData(1, 2, 0b11_01_00_10, 255, 85, 0, 170)]
    [InlineData(0, 1, 0b1010_0000, 0, 255, 0, 255)]
    public void Decode_GreyOfFewBits_GivesTheLevels(int photometric, int depth, int value, params int[] expected)
    {
        var file = new Writer(true).Write(
            [(256, [expected.Length]), (257, [1]), (258, [depth]), (262, [photometric]), (277, [1]), (278, [1])], [[(byte)value]]);
        Assert.Equal(expected.SelectMany(v => new[] { (byte)v, (byte)v, (byte)v }), ImageDecoder.Decode(file).Pixels);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Decode_Grey16_IsClippedAsPilDoes(bool littleEndian)
    {
        byte[] samples = littleEndian ? [77, 0, 0, 1] : [0, 77, 1, 0];
        var file = new Writer(littleEndian).Write([(256, [2]), (257, [1]), (258, [16]), (262, [1]), (277, [1]), (278, [1])], [samples]);
        Assert.Equal([77, 77, 77, 255, 255, 255], ImageDecoder.Decode(file).Pixels);
    }

    [Theory]
    [InlineData(2, 100, 50, 25)]
    [InlineData(1, 199, 99, 49)]
    public void Decode_Alpha_IsDroppedOrTakenOut(int extraSample, int red, int green, int blue)
    {
        var file = new Writer(true).Write(
            [(256, [1]), (257, [1]), (258, [8, 8, 8, 8]), (262, [2]), (277, [4]), (278, [1]), (338, [extraSample])], [[100, 50, 25, 128]]);
        Assert.Equal([(byte)red, (byte)green, (byte)blue], ImageDecoder.Decode(file).Pixels);
    }

    [Fact]
    public void Decode_JpegInside_GivesTheJpegsPixels()
    {
        var jpeg = ImageGoldens.Read("jpeg_baseline_444.jpg");
        var file = new Writer(true).Write(
            [(256, [61]), (257, [45]), (258, [8, 8, 8]), (259, [TiffCompression.Jpeg]), (262, [6]), (277, [3]), (278, [45])], [jpeg]);
        ImageGoldens.AssertSame(ImageGoldens.Bytes("jpeg_baseline_444.jpg/rgb"), ImageDecoder.Decode(file).Pixels, "JPEG in TIFF");
    }

    [Fact]
    public void Decode_Orientation_IsAppliedEvenAsStored()
    {
        var file = new Writer(true).Write(
            [(256, [2]), (257, [1]), (258, [8]), (262, [1]), (274, [6]), (277, [1]), (278, [1])], [[10, 20]]);
        var image = ImageDecoder.Decode(file, ImageGoldens.AsStored);
        Assert.Equal((1, 2), (image.Width, image.Height));
        Assert.Equal([10, 10, 10, 20, 20, 20], image.Pixels);
    }

    [Theory]
    [InlineData(259, 4, "compression 4")]
    [InlineData(262, 8, "colour kind 8")]
    [InlineData(339, 3, "floating-point")]
    public void Decode_UnsupportedKind_SaysWhich(int tag, int value, string expected)
    {
        List<(int, int[])> tags = [(256, [1]), (257, [1]), (258, [8]), (259, [1]), (262, [1]), (277, [1]), (278, [1])];
        tags.RemoveAll(t => t.Item1 == tag);
        tags.Add((tag, [value]));
        var e = Assert.Throws<ImageDecodeException>(() => ImageDecoder.Decode(new Writer(true).Write(tags, [[1]])));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.Contains("convert the picture", e.Message, StringComparison.Ordinal);
    }

    private static byte[] MakePixels()
    {
        var pixels = new byte[Width * Height * 3];
        new Random(5).NextBytes(pixels);
        pixels.AsSpan(60, 90).Fill(9); // something for run lengths
        return pixels;
    }

    private sealed class Writer(bool littleEndian)
    {
        public byte[] WriteRgb(int compression, bool tiled, bool planar, int predictor, int depth)
        {
            var (partWidth, partHeight) = tiled ? (16, 16) : (Width, 5);
            var parts = new List<byte[]>();
            foreach (var channels in planar ? new int[][] { [0], [1], [2] } : [[0, 1, 2]])
                for (var top = 0; top < Height; top += partHeight)
                    for (var left = 0; left < Width; left += partWidth)
                    {
                        var rows = tiled ? partHeight : Math.Min(partHeight, Height - top);
                        var samples = Samples(channels, left, top, partWidth, rows, depth, predictor);
                        parts.Add(Compress(samples, compression));
                    }

            List<(int, int[])> tags =
            [
                (256, [Width]), (257, [Height]), (258, [depth, depth, depth]), (259, [compression]), (262, [2]), (277, [3]),
                (284, [planar ? 2 : 1]), (317, [predictor]),
            ];
            tags.AddRange(tiled ? [(322, [partWidth]), (323, [partHeight])] : [(278, [partHeight])]);
            return Write(tags, parts);
        }

        /// <summary>One directory, then the values that do not fit into it, then the strips or tiles.</summary>
        public byte[] Write(List<(int Tag, int[] Values)> tags, List<byte[]> parts)
        {
            var isTiled = tags.Any(t => t.Tag == 322);
            var all = tags.Select(t => (t.Tag, Type: t.Tag is 256 or 257 ? 4 : 3, t.Values)).ToList();
            all.Add((isTiled ? 324 : 273, 4, new int[parts.Count]));
            all.Add((isTiled ? 325 : 279, 4, [.. parts.Select(p => p.Length)]));
            all.Sort((a, b) => a.Tag.CompareTo(b.Tag));
            var extra = 10 + (12 * all.Count) + 4;
            var body = extra + all.Sum(t => t.Values.Length * (t.Type == 4 ? 4 : 2) is > 4 and var size ? size : 0);
            var offsets = all.First(t => t.Tag == (isTiled ? 324 : 273)).Values;
            for (int i = 0, at = body; i < parts.Count; at += parts[i++].Length)
                offsets[i] = at;

            var directory = new List<byte>();
            var values = new List<byte>();
            foreach (var (tag, type, numbers) in all)
            {
                byte[] bytes = [.. numbers.SelectMany(n => type == 4 ? U32(n) : U16(n))];
                directory.AddRange([.. U16(tag), .. U16(type), .. U32(numbers.Length)]);
                directory.AddRange(bytes.Length <= 4 ? [.. bytes, .. new byte[4 - bytes.Length]] : U32(extra + values.Count));
                if (bytes.Length > 4)
                    values.AddRange(bytes);
            }

            byte[] magic = littleEndian ? [.. "II*\0"u8] : [.. "MM\0*"u8];
            return [.. magic, .. U32(8), .. U16(all.Count), .. directory, .. U32(0), .. values, .. parts.SelectMany(p => p)];
        }

        private byte[] Samples(int[] channels, int left, int top, int width, int rows, int depth, int predictor)
        {
            var bytes = new List<byte>();
            for (var y = 0; y < rows; y++)
            {
                var previous = new int[3];
                for (var x = 0; x < width; x++)
                    foreach (var c in channels)
                    {
                        var inside = left + x < Width && top + y < Height;
                        var value = inside ? s_rgb[((((top + y) * Width) + left + x) * 3) + c] : 0;
                        if (depth == 16)
                            value = (value << 8) + ((x * 7) & 0xFF);
                        var stored = predictor == 2 ? value - previous[c] : value;
                        previous[c] = value;
                        bytes.AddRange(depth == 16 ? U16(stored & 0xFFFF) : [(byte)stored]);
                    }
            }

            return [.. bytes];
        }

        private static byte[] Compress(byte[] data, int compression)
        {
            switch (compression)
            {
                case TiffCompression.None:
                    return data;
                case TiffCompression.PackBits:
                    var packed = new List<byte> { 0x80 };
                    for (var i = 0; i < data.Length;)
                    {
                        var run = 1;
                        while (i + run < data.Length && run < 128 && data[i + run] == data[i])
                            run++;
                        packed.AddRange(run > 1 ? [(byte)(1 - run), data[i]] : [0, data[i]]);
                        i += run;
                    }

                    return [.. packed];
                default:
                    using (var stream = new MemoryStream())
                    {
                        using (var deflate = new ZLibStream(stream, CompressionLevel.Optimal, leaveOpen: true))
                            deflate.Write(data);
                        return stream.ToArray();
                    }
            }
        }

        private byte[] U16(int value)
        {
            var bytes = new byte[2];
            if (littleEndian)
                BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)value);
            else
                BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value);
            return bytes;
        }

        private byte[] U32(int value)
        {
            var bytes = new byte[4];
            if (littleEndian)
                BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
            else
                BinaryPrimitives.WriteInt32BigEndian(bytes, value);
            return bytes;
        }
    }
}
