using SkiaSharp;

namespace Sightline.Data.Tests;

/// <summary>Decodes a lossless picture independently of the library's own decoder.</summary>
internal static class PngPixels
{
    /// <returns>[height, width, 3] bytes.</returns>
    public static byte[] Read(string path)
    {
        using var bitmap = SKBitmap.Decode(path) ?? throw new InvalidDataException(path);
        var pixels = bitmap.Pixels;
        var bytes = new byte[pixels.Length * 3];
        for (var i = 0; i < pixels.Length; i++)
            (bytes[i * 3], bytes[i * 3 + 1], bytes[i * 3 + 2]) = (pixels[i].Red, pixels[i].Green, pixels[i].Blue);
        return bytes;
    }
}
