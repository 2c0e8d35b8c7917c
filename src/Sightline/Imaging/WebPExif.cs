using System.Buffers.Binary;

namespace Sightline.Imaging;

/// <summary>Finds the EXIF chunk of a WebP file.</summary>
internal static class WebPExif
{
    /// <summary>The orientation, 1 to 8; 1 where there is none.</summary>
    /// <param name="data">A file that begins with "RIFF....WEBP".</param>
    public static int ReadOrientation(ReadOnlySpan<byte> data)
    {
        var rest = data[12..];
        while (rest.Length >= 8)
        {
            var length = BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);
            if (length > rest.Length - 8)
                return 1;
            if (rest.StartsWith("EXIF"u8))
                return ExifOrientation.Read(rest.Slice(8, (int)length));
            var next = 8 + length + (length & 1);
            if (next >= rest.Length)
                return 1;
            rest = rest[(int)next..];
        }

        return 1;
    }
}
