using System.Buffers.Binary;
using System.IO.Compression;

namespace Sightline.Imaging;

/// <summary>
/// PNG of every colour type, depth and interlacing, converted as PIL's <c>convert("RGB")</c> does. Own code because Skia scales 16-bit grey,
/// which PIL clips, and accepts files whose data PIL calls damaged. (PNG specification, W3C 2003, sections 5 to 11.)
/// </summary>
internal static class PngDecoder
{
    // Deflate packs at most 258 bytes into two bits; a byte holds at most 8 pixels.
    private const int MostPixelsPerByte = 1032 * 8;

    // Adam7: first column, first row, column step, row step of each pass.
    private static readonly (int X, int Y, int StepX, int StepY)[] s_passes =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    public static (RgbImage Picture, int Orientation) Decode(ImageSource image)
    {
        using var chunks = new PngChunks(image);
        if (!chunks.MoveNext())
            throw image.CutOff("PNG");
        if (chunks.Type != "IHDR" || chunks.Chunk.Length < 13)
            throw image.Damaged("PNG", "it does not begin with a header");
        var header = ReadHeader(image, chunks.Chunk.Span);
        var palette = ColorPalette.GreyRamp();
        var (hasPalette, orientation) = (false, 1);
        while (true)
        {
            if (!chunks.MoveNext() || chunks.Type == "IEND")
                throw image.CutOff("PNG");
            if (chunks.Type == "IDAT")
                break;
            if (chunks.Type == "PLTE")
                hasPalette = ColorPalette.TryFill(palette, chunks.Chunk.Span);
            else if (chunks.Type == "eXIf")
                orientation = ExifOrientation.Read(chunks.Chunk.Span);
        }

        if (header.Color == PngColor.Palette && !hasPalette)
            throw image.Damaged("PNG", "its palette is missing");
        chunks.BeginImageData();
        var picture = ReadPicture(image, header, palette, chunks);

        // What follows the picture may be cut off or damaged without harm, as in PIL; it may hold the EXIF data.
        while (orientation == 1 && TryMoveNext(chunks))
            if (chunks.Type == "eXIf")
                orientation = ExifOrientation.Read(chunks.Chunk.Span);
        return (picture, orientation);
    }

    private static bool TryMoveNext(PngChunks chunks)
    {
        try
        {
            return chunks.MoveNext();
        }
        catch (ImageDecodeException)
        {
            return false;
        }
    }

    private static PngHeader ReadHeader(ImageSource image, ReadOnlySpan<byte> data)
    {
        var (width, height) = (BinaryPrimitives.ReadUInt32BigEndian(data), BinaryPrimitives.ReadUInt32BigEndian(data[4..]));
        image.CheckSize("PNG", width, height, MostPixelsPerByte);
        var (depth, color) = (data[8], (PngColor)data[9]);
        var isValid = color switch
        {
            PngColor.Grey => depth is 1 or 2 or 4 or 8 or 16,
            PngColor.Palette => depth is 1 or 2 or 4 or 8,
            PngColor.Rgb or PngColor.GreyAlpha or PngColor.Rgba => depth is 8 or 16,
            _ => false,
        };
        if (!isValid)
            throw image.Damaged("PNG", $"colour type {data[9]} with {depth} bits does not exist");
        if (data[10] != 0 || data[11] != 0)
            throw image.Damaged("PNG", $"compression {data[10]} or filter method {data[11]} does not exist");
        return new PngHeader((int)width, (int)height, depth, color, IsInterlaced: data[12] != 0);
    }

    private static RgbImage ReadPicture(ImageSource image, PngHeader header, byte[] palette, Stream compressed)
    {
        var result = new RgbImage(header.Width, header.Height);
        using var rows = new ZLibStream(compressed, CompressionMode.Decompress, leaveOpen: true);
        try
        {
            foreach (var pass in header.IsInterlaced ? s_passes : [(0, 0, 1, 1)])
                ReadPass(image, header, palette, rows, pass, result);
        }
        catch (EndOfStreamException)
        {
            throw image.CutOff("PNG");
        }
        catch (Exception e) when (e is InvalidDataException or IOException) // zlib's rarer refusals, such as a preset dictionary
        {
            throw image.Damaged("PNG", "its compressed data are broken or cut off", e);
        }

        return result;
    }

    private static void ReadPass(
        ImageSource image, PngHeader header, byte[] palette, Stream rows, (int X, int Y, int StepX, int StepY) pass, RgbImage result)
    {
        if (header.Width <= pass.X || header.Height <= pass.Y)
            return;
        var width = (header.Width - pass.X + pass.StepX - 1) / pass.StepX;
        var rowBytes = checked((int)((((long)width * header.BitsPerPixel) + 7) / 8));
        var pixelBytes = Math.Max(header.BitsPerPixel / 8, 1);

        // [filter type, row]; the previous row of the first one is all zeros.
        var current = new byte[1 + rowBytes];
        var previous = new byte[1 + rowBytes];
        for (var y = pass.Y; y < header.Height; y += pass.StepY)
        {
            rows.ReadExactly(current);
            if (!PngFilter.TryUndo(current[0], current.AsSpan(1), previous.AsSpan(1), pixelBytes))
                throw image.Damaged("PNG", $"row filter {current[0]} does not exist");
            SampleRows.ToRgb(current.AsSpan(1), width, header.Depth, header.Layout, palette, result.Row(y)[(pass.X * 3)..], pass.StepX);
            (current, previous) = (previous, current);
        }
    }

    private enum PngColor
    {
        Grey = 0,
        Rgb = 2,
        Palette = 3,
        GreyAlpha = 4,
        Rgba = 6,
    }

    private readonly record struct PngHeader(int Width, int Height, int Depth, PngColor Color, bool IsInterlaced)
    {
        public int BitsPerPixel => Depth * Color switch { PngColor.Rgb => 3, PngColor.GreyAlpha => 2, PngColor.Rgba => 4, _ => 1 };

        public SampleLayout Layout => Color switch
        {
            PngColor.Grey => SampleLayout.Grey,
            PngColor.Palette => SampleLayout.Palette,
            PngColor.GreyAlpha => SampleLayout.GreyAlpha,
            PngColor.Rgb => SampleLayout.Rgb,
            _ => SampleLayout.Rgba,
        };
    }
}
