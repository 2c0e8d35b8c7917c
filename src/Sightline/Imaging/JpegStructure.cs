using System.Buffers.Binary;

namespace Sightline.Imaging;

/// <summary>What the markers of a JPEG file say without decoding it.</summary>
/// <param name="Width">Pixels per row of the frame; 0 where no frame header was found.</param>
/// <param name="Height">Rows of the frame.</param>
/// <param name="Orientation">EXIF orientation, 1 to 8.</param>
/// <param name="HasEnd">An end-of-image marker follows the picture's data. PIL calls a file without one truncated.</param>
internal readonly record struct JpegStructure(int Width, int Height, int Orientation, bool HasEnd)
{
    private const byte StartOfScan = 0xDA, EndOfImage = 0xD9, App1 = 0xE1;

    /// <summary>Walks the markers.</summary>
    /// <param name="data">A file that begins with the start-of-image marker.</param>
    public static JpegStructure Read(ReadOnlySpan<byte> data)
    {
        int width = 0, height = 0, orientation = 0;
        var inScan = false;
        var position = 2;
        while (TryFindMarker(data, ref position, out var marker))
        {
            if (marker == EndOfImage)
            {
                if (inScan)
                    return new(width, height, Math.Max(orientation, 1), HasEnd: true);
                continue;
            }

            if (marker is (>= 0xD0 and <= 0xD8) or 0x01 || position + 2 > data.Length)
                continue;
            var length = BinaryPrimitives.ReadUInt16BigEndian(data[position..]);
            if (length < 2 || length > data.Length - position)
                continue;
            var segment = data.Slice(position + 2, length - 2);
            position += length;
            if (marker == StartOfScan)
                inScan = true;
            else if (marker == App1 && orientation == 0 && segment.StartsWith("Exif\0"u8))
                orientation = ExifOrientation.Read(segment);
            else if (IsFrame(marker) && width == 0 && segment.Length >= 5)
                (height, width) = (BinaryPrimitives.ReadUInt16BigEndian(segment[1..]), BinaryPrimitives.ReadUInt16BigEndian(segment[3..]));
        }

        return new(width, height, Math.Max(orientation, 1), HasEnd: false);
    }

    private static bool IsFrame(byte marker) => marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC);

    // Leaves the position behind the marker. FF 00 is a data byte of a scan, FF FF is fill.
    private static bool TryFindMarker(ReadOnlySpan<byte> data, ref int position, out byte marker)
    {
        while (position < data.Length)
        {
            var next = data[position..].IndexOf((byte)0xFF);
            if (next < 0 || position + next + 1 >= data.Length)
                break;
            position += next + 1;
            if (data[position] is 0 or 0xFF)
                continue;
            marker = data[position++];
            return true;
        }

        marker = 0;
        return false;
    }
}
