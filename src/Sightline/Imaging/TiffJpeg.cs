namespace Sightline.Imaging;

/// <summary>Strips and tiles that are JPEG streams, with their tables kept once for all (TIFF technical note 2).</summary>
internal static class TiffJpeg
{
    // Tells the decoder what TIFF's colour kind says: 0 as stored, 1 YCbCr.
    private static ReadOnlySpan<byte> AdobeMarker => [0xFF, 0xEE, 0, 14, (byte)'A', (byte)'d', (byte)'o', (byte)'b', (byte)'e', 0, 100, 0, 0, 0, 0];

    public static void ReadPart(
        ImageSource image, TiffDirectory directory, ReadOnlyMemory<byte> data, long photometric, int width, int height, RgbImage result, int left, int top)
    {
        var structure = JpegStructure.Read(data.Span);
        if (!data.Span.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8]) || !structure.HasEnd)
            throw image.CutOff("TIFF");
        if (structure.Width < Math.Min(width, result.Width - left) || structure.Height < Math.Min(height, result.Height - top)
            || structure.Width > width || structure.Height > height)
            throw image.Damaged("TIFF", $"a part of {width} x {height} holds a JPEG picture of {structure.Width} x {structure.Height}");

        var tables = new byte[directory.Count(TiffTag.JpegTables)];
        for (var i = 0; i < tables.Length; i++)
            tables[i] = (byte)directory.At(TiffTag.JpegTables, i);
        var inner = tables.Length > 4 ? tables.AsSpan(2, tables.Length - 4) : [];
        byte[] stream = [0xFF, 0xD8, .. AdobeMarker, photometric == 6 ? (byte)1 : (byte)0, .. inner, .. data.Span[2..]];
        var part = SkiaDecoder.DecodeJpeg(image with { Data = stream, Options = image.Options with { ScaledDecodingMinSide = null }, Target = null }, orientation: 1).Image;
        if (part.Width != structure.Width || part.Height != structure.Height)
            throw image.Damaged("TIFF", "a part has two sizes");
        var bytes = Math.Min(part.Width, result.Width - left) * 3;
        for (var y = 0; y < Math.Min(part.Height, result.Height - top); y++)
            part.Row(y)[..bytes].CopyTo(result.Row(top + y)[(left * 3)..]);
    }
}
