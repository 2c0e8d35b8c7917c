using System.Buffers.Binary;

namespace Sightline.Imaging;

/// <summary>
/// The first frame of a GIF file, as PIL shows it: transparent pixels keep their palette colour, and where the frame does not cover the
/// screen lies the transparent colour, or colour 0. Own code because Skia makes both black. (GIF89a specification, CompuServe 1990.)
/// </summary>
internal static class GifDecoder
{
    public static RgbImage Decode(ImageSource image)
    {
        var reader = new GifReader(image);
        reader.Skip(6);
        int screenWidth = reader.UInt16(), screenHeight = reader.UInt16();
        var flags = reader.Byte();
        reader.Skip(2);
        var globalColors = (flags & 0x80) != 0 ? reader.Take(3 << ((flags & 7) + 1)) : default;
        var transparent = -1;
        while (true)
        {
            switch (reader.Byte())
            {
                case (byte)'!':
                    var isControl = reader.Byte() == 0xF9;
                    for (var block = reader.Block(); !block.IsEmpty; block = reader.Block())
                        if (isControl && block.Length >= 4 && (block[0] & 1) != 0)
                            transparent = block[3];
                    break;
                case (byte)',':
                    return ReadFrame(image, reader, screenWidth, screenHeight, globalColors, transparent);
                case (byte)';':
                    throw image.Damaged("GIF", "it has no picture");
            }
        }
    }

    private static RgbImage ReadFrame(
        ImageSource image, GifReader reader, int screenWidth, int screenHeight, ReadOnlySpan<byte> colors, int transparent)
    {
        int left = reader.UInt16(), top = reader.UInt16(), width = reader.UInt16(), height = reader.UInt16();
        var flags = reader.Byte();
        if ((flags & 0x80) != 0)
            colors = reader.Take(3 << ((flags & 7) + 1));
        image.CheckSize("GIF", width, height);
        var (fullWidth, fullHeight) = (Math.Max(screenWidth, left + width), Math.Max(screenHeight, top + height));
        image.CheckSize("GIF", fullWidth, fullHeight);
        var palette = ColorPalette.GreyRamp();
        ColorPalette.TryFill(palette, colors);

        var result = new RgbImage(fullWidth, fullHeight);
        if (width != fullWidth || height != fullHeight)
            FillScreen(result, palette.AsSpan(Math.Max(transparent, 0) * 3, 3));
        var lzw = new GifLzw(image, reader);
        var row = new byte[width];
        foreach (var (first, step) in (flags & 0x40) != 0 ? new[] { (0, 8), (4, 8), (2, 4), (1, 2) } : [(0, 1)])
            for (var y = first; y < height; y += step)
            {
                lzw.Read(row);
                SampleRows.ToRgb(row, width, 8, SampleLayout.Palette, palette, result.Row(top + y)[(left * 3)..]);
            }

        return result;
    }

    private static void FillScreen(RgbImage result, ReadOnlySpan<byte> color)
    {
        var row = result.Row(0);
        for (var x = 0; x < row.Length; x += 3)
            color.CopyTo(row[x..]);
        for (var y = 1; y < result.Height; y++)
            row.CopyTo(result.Row(y));
    }
}

/// <summary>Reads the parts of a GIF file in order; the end of the file is the error "cut off".</summary>
internal ref struct GifReader(ImageSource image)
{
    private ReadOnlySpan<byte> _rest = image.Data.Span;

    public byte Byte() => Take(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public void Skip(int count) => Take(count);

    /// <summary>A data block: a length byte and as many bytes; empty at the end of a sequence of blocks.</summary>
    public ReadOnlySpan<byte> Block() => Take(Byte());

    public ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
            throw image.CutOff("GIF");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
