using System.Buffers.Binary;

namespace Sightline.Imaging;

/// <summary>Reads the orientation tag of EXIF data and turns pictures by it.</summary>
internal static class ExifOrientation
{
    private const int OrientationTag = 0x0112;

    /// <summary>The orientation, 1 to 8; 1 where there is none or the data are damaged (a photo is worth more than its tags).</summary>
    /// <param name="exif">A TIFF header and its first directory, after any number of "Exif\0\0" prefixes.</param>
    public static int Read(ReadOnlySpan<byte> exif)
    {
        while (exif.StartsWith("Exif\0\0"u8))
            exif = exif[6..];
        if (exif.Length < 8 || !(exif.StartsWith("II*\0"u8) || exif.StartsWith("MM\0*"u8)))
            return 1;
        var littleEndian = exif[0] == 'I';
        var offset = U32(exif[4..], littleEndian);
        if (offset > exif.Length - 2)
            return 1;
        var directory = exif[(int)offset..];
        var count = U16(directory, littleEndian);
        directory = directory[2..];
        for (var i = 0; i < count && directory.Length >= 12; i++, directory = directory[12..])
        {
            if (U16(directory, littleEndian) != OrientationTag)
                continue;
            var value = U16(directory[2..], littleEndian) switch
            {
                1 => directory[8],
                3 => U16(directory[8..], littleEndian),
                4 => U32(directory[8..], littleEndian),
                _ => 1u,
            };
            return value is >= 1 and <= 8 ? (int)value : 1;
        }

        return 1;
    }

    /// <summary>The picture as the camera was held. Orientation 1 gives the same object back.</summary>
    public static RgbImage Apply(RgbImage image, int orientation)
    {
        if (orientation is < 2 or > 8)
            return image;
        var (width, height) = orientation >= 5 ? (image.Height, image.Width) : (image.Width, image.Height);
        var result = new RgbImage(width, height);
        if (orientation is 4)
        {
            for (var y = 0; y < height; y++)
                image.Row(height - 1 - y).CopyTo(result.Row(y));
            return result;
        }

        // Bytes to step in the source for one pixel right and one pixel down in the result, and where its first pixel lies.
        int dx = 3, dy = image.Width * 3, right = (image.Width - 1) * dx, down = (image.Height - 1) * dy;
        var (origin, stepX, stepY) = orientation switch
        {
            2 => (right, -dx, dy),
            3 => (right + down, -dx, -dy),
            5 => (0, dy, dx),
            6 => (down, -dy, dx),
            7 => (right + down, -dy, -dx),
            _ => (right, dy, -dx),
        };

        // Square tiles: a column of the source walks through a new cache line per pixel.
        const int Tile = 32;
        var source = image.Pixels.AsSpan();
        for (var top = 0; top < height; top += Tile)
            for (var left = 0; left < width; left += Tile)
            {
                var count = Math.Min(Tile, width - left);
                for (var y = top; y < Math.Min(top + Tile, height); y++)
                {
                    var from = origin + (y * stepY) + (left * stepX);
                    var to = result.Pixels.AsSpan(((y * width) + left) * 3, count * 3);
                    for (var x = 0; x < to.Length; x += 3, from += stepX)
                    {
                        var pixel = source.Slice(from, 3);
                        to[x + 2] = pixel[2];
                        to[x + 1] = pixel[1];
                        to[x] = pixel[0];
                    }
                }
            }

        return result;
    }

    private static uint U16(ReadOnlySpan<byte> data, bool littleEndian) =>
        littleEndian ? BinaryPrimitives.ReadUInt16LittleEndian(data) : BinaryPrimitives.ReadUInt16BigEndian(data);

    private static uint U32(ReadOnlySpan<byte> data, bool littleEndian) =>
        littleEndian ? BinaryPrimitives.ReadUInt32LittleEndian(data) : BinaryPrimitives.ReadUInt32BigEndian(data);
}
