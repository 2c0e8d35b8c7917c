using System.Buffers.Binary;
using System.Numerics;

namespace Sightline.Data.Pipeline;

/// <summary>
/// The head of a pixel cache, little-endian: magic, version, width, height, count, checksum of the head, SHA-256 of the settings, SHA-256 of the list of
/// pictures, then for each picture the CRC-32C of its pixels and its state. The pixels follow at the next multiple of 4096.
/// </summary>
internal sealed class PixelCacheHeader
{
    public const uint Good = 1;
    public const uint Faulty = 2;

    private const uint Version = 1;
    private const int FixedLength = 128;
    private const int ChecksumOffset = 24;
    private const int Alignment = 4096;
    private const int MaxSide = 8192;

    private static ReadOnlySpan<byte> Magic => "SLPIXELS"u8;

    private readonly byte[] _bytes;

    /// <summary>A new head; the pictures' entries are still empty.</summary>
    public PixelCacheHeader(int width, int height, int count, ReadOnlySpan<byte> settingsHash, ReadOnlySpan<byte> imagesHash)
    {
        _bytes = new byte[Length(count)];
        Magic.CopyTo(_bytes);
        Write(8, Version);
        Write(12, (uint)width);
        Write(16, (uint)height);
        Write(20, (uint)count);
        settingsHash.CopyTo(_bytes.AsSpan(32));
        imagesHash.CopyTo(_bytes.AsSpan(64));
    }

    private PixelCacheHeader(byte[] bytes) => _bytes = bytes;

    public int Width => (int)Read(12);

    public int Height => (int)Read(16);

    public int Count => (int)Read(20);

    public int PictureBytes => 3 * Width * Height;

    public long FileLength => Offset(Count);

    /// <summary>Where a picture's pixels begin.</summary>
    public long Offset(int row) => (Length(Count) + Alignment - 1L) / Alignment * Alignment + (long)row * PictureBytes;

    public uint Checksum(int row) => Read(FixedLength + row * 8);

    public uint State(int row) => Read(FixedLength + row * 8 + 4);

    public void Set(int row, uint checksum, uint state)
    {
        Write(FixedLength + row * 8, checksum);
        Write(FixedLength + row * 8 + 4, state);
    }

    public byte[] Seal()
    {
        Write(ChecksumOffset, 0);
        Write(ChecksumOffset, Crc32C(_bytes));
        return _bytes;
    }

    /// <summary>Reads the head of a file and checks it, the file's length included; null when it is another cache than the wanted one, or damaged.</summary>
    public static PixelCacheHeader? TryRead(FileStream file, PixelCacheHeader wanted)
    {
        // The wanted head fixes every size, so none is taken from the file.
        if (file.Length != wanted.FileLength)
            return null;
        var bytes = new byte[wanted._bytes.Length];
        file.ReadExactly(bytes);
        var found = new PixelCacheHeader(bytes);
        var checksum = found.Read(ChecksumOffset);
        if (!bytes.AsSpan(0, ChecksumOffset).SequenceEqual(wanted._bytes.AsSpan(0, ChecksumOffset)) || !bytes.AsSpan(32, 64).SequenceEqual(wanted._bytes.AsSpan(32, 64)))
            return null;
        found.Seal();
        return found.Read(ChecksumOffset) == checksum ? found : null;
    }

    public static bool IsSupported(int width, int height) => width is >= 1 and <= MaxSide && height is >= 1 and <= MaxSide;

    public static uint Crc32C(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        while (data.Length >= 8)
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[8..];
        }

        foreach (var value in data)
            crc = BitOperations.Crc32C(crc, value);
        return ~crc;
    }

    private static int Length(int count) => checked(FixedLength + count * 8);

    private uint Read(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(offset));

    private void Write(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(offset), value);
}
