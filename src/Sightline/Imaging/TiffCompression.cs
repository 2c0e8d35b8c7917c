using System.IO.Compression;

namespace Sightline.Imaging;

/// <summary>The compressions of TIFF that photos use (TIFF 6.0, sections 9 and 13; Adobe Photoshop TIFF notes for Deflate).</summary>
internal static class TiffCompression
{
    public const int None = 1, Lzw = 5, Jpeg = 7, AdobeDeflate = 8, PackBits = 32773, Deflate = 32946;

    /// <summary>Fills <paramref name="target"/>; data beyond it are ignored.</summary>
    /// <returns>False where the data end early or are broken.</returns>
    public static bool TryExpand(long compression, ReadOnlyMemory<byte> data, Span<byte> target)
    {
        switch (compression)
        {
            case None:
                if (data.Length < target.Length)
                    return false;
                data.Span[..target.Length].CopyTo(target);
                return true;
            case Lzw:
                return TryLzw(data.Span, target);
            case PackBits:
                return TryPackBits(data.Span, target);
            default:
                return TryInflate(data, target);
        }
    }

    private static bool TryInflate(ReadOnlyMemory<byte> data, Span<byte> target)
    {
        try
        {
            using var stream = new ZLibStream(new MemoryStream(data.ToArray(), writable: false), CompressionMode.Decompress);
            return stream.ReadAtLeast(target, target.Length, throwOnEndOfStream: false) == target.Length;
        }
        catch (Exception e) when (e is InvalidDataException or IOException) // zlib's rarer refusals, such as a preset dictionary
        {
            return false;
        }
    }

    private static bool TryPackBits(ReadOnlySpan<byte> data, Span<byte> target)
    {
        while (!target.IsEmpty)
        {
            if (data.Length < 2)
                return false;
            int head = (sbyte)data[0], count = head >= 0 ? head + 1 : head == -128 ? 0 : 1 - head;
            data = data[1..];
            if (count > target.Length || (head >= 0 && count > data.Length))
                return false;
            if (head >= 0)
                data[..count].CopyTo(target);
            else
                target[..count].Fill(data[0]);
            data = data[(head >= 0 ? count : head == -128 ? 0 : 1)..];
            target = target[count..];
        }

        return true;
    }

    // Codes from the high bits down; 256 clears, 257 ends; the code size grows one code early.
    private static bool TryLzw(ReadOnlySpan<byte> data, Span<byte> target)
    {
        const int Clear = 256, End = 257, MaxCodes = 4096;

        // Every string of the table is a piece of the output: where it starts there, and its length.
        var starts = new int[MaxCodes];
        var lengths = new int[MaxCodes];
        int next = End + 1, codeSize = 9, bits = 0, bitCount = 0, position = 0, written = 0, lastStart = -1, lastLength = 0;
        while (written < target.Length)
        {
            while (bitCount < codeSize)
            {
                if (position == data.Length)
                    return false;
                bits = ((bits & 0xFFFF) << 8) | data[position++];
                bitCount += 8;
            }

            bitCount -= codeSize;
            var code = (bits >> bitCount) & ((1 << codeSize) - 1);
            if (code == End)
                return false;
            if (code == Clear)
            {
                (next, codeSize, lastStart) = (End + 1, 9, -1);
                continue;
            }

            var start = written;
            if (code < Clear)
            {
                target[written++] = (byte)code;
            }
            else
            {
                if (lastStart < 0 || code > next || code >= MaxCodes)
                    return false;

                // The code that is about to be defined: the last string and its first byte again, so one byte that is written meanwhile.
                var (from, length) = code == next ? (lastStart, lastLength + 1) : (starts[code], lengths[code]);
                for (var i = 0; i < length && written < target.Length; i++)
                    target[written++] = target[from + i];
            }

            if (lastStart >= 0 && next < MaxCodes)
            {
                (starts[next], lengths[next]) = (lastStart, lastLength + 1);
                next++;
                if (next + 1 >= 1 << codeSize && codeSize < 12)
                    codeSize++;
            }

            (lastStart, lastLength) = (start, written - start);
        }

        return true;
    }
}
