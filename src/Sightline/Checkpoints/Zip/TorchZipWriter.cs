using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Sightline.Checkpoints.Zip;

/// <summary>
/// Writes the zip files of <c>torch.save</c>, byte for byte as PyTorch 1.13 does: entries are stored, their data begin at a multiple of 64 (an extra
/// field <c>FB</c> filled with <c>Z</c> before them), sizes and CRC follow the data, and a zip64 end record is always there.
/// Layout: <c>caffe2/serialize/inline_container.cc</c> and miniz.
/// </summary>
/// <param name="stream">Where the file goes.</param>
/// <param name="folder">The folder that all entries are in.</param>
/// <param name="position">Bytes before the first entry; other than 0 only in tests of large files.</param>
internal sealed class TorchZipWriter(Stream stream, string folder, long position = 0)
{
    private const int Alignment = 64;
    private const int LocalLength = 30;
    private const ushort SizesFollow = 0x0008;
    private const ushort Utf8Names = 0x0800;

    private readonly ArrayBufferWriter<byte> _central = new();
    private long _position = position;
    private long _count;

    /// <summary>Adds an entry.</summary>
    public void Add(string name, ReadOnlySpan<byte> data)
    {
        var path = Encoding.UTF8.GetBytes($"{folder}/{name}");
        var start = _position;
        // An entry has less than 2^31 bytes, so its offset alone may need 64 bits.
        var zip64 = start >= uint.MaxValue ? Zip64Offset(start) : [];
        var unpadded = start + LocalLength + path.Length + zip64.Length + 4;
        var padding = (int)((Alignment - unpadded % Alignment) % Alignment);
        var flags = (ushort)(data.IsEmpty ? Utf8Names : Utf8Names | SizesFollow);
        var crc = Crc32.Compute(data);

        var local = new byte[LocalLength];
        "PK\u0003\u0004"u8.CopyTo(local);
        Put(local, 6, flags);
        Put(local, 26, (ushort)path.Length);
        Put(local, 28, (ushort)(zip64.Length + 4 + padding));
        Write(local);
        Write(path);
        Write(zip64);
        Write([(byte)'F', (byte)'B', (byte)padding, 0]);
        Write("ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ"u8[..padding]);
        Write(data);
        if (!data.IsEmpty)
            WriteDescriptor(crc, data.Length, wide: zip64.Length > 0);
        AddToDirectory(path, zip64, flags, crc, data.Length, start);
    }

    /// <summary>Writes the directory, which ends the file.</summary>
    public void Finish()
    {
        var offset = _position;
        var size = _central.WrittenCount;
        Write(_central.WrittenSpan);

        var end64 = new byte[56];
        "PK\u0006\u0006"u8.CopyTo(end64);
        BinaryPrimitives.WriteInt64LittleEndian(end64.AsSpan(4), 44);
        Put(end64, 12, 0x031e);
        Put(end64, 14, 0x2d);
        BinaryPrimitives.WriteInt64LittleEndian(end64.AsSpan(24), _count);
        BinaryPrimitives.WriteInt64LittleEndian(end64.AsSpan(32), _count);
        BinaryPrimitives.WriteInt64LittleEndian(end64.AsSpan(40), size);
        BinaryPrimitives.WriteInt64LittleEndian(end64.AsSpan(48), offset);
        var locator = new byte[20];
        "PK\u0006\u0007"u8.CopyTo(locator);
        BinaryPrimitives.WriteInt64LittleEndian(locator.AsSpan(8), _position);
        Put(locator, 16, 1);
        Write(end64);
        Write(locator);

        var end = new byte[22];
        "PK\u0005\u0006"u8.CopyTo(end);
        Put(end, 8, (ushort)Math.Min(_count, ushort.MaxValue));
        Put(end, 10, (ushort)Math.Min(_count, ushort.MaxValue));
        Put32(end, 12, size);
        Put32(end, 16, offset);
        Write(end);
    }

    private void WriteDescriptor(uint crc, int length, bool wide)
    {
        var descriptor = new byte[wide ? 24 : 16];
        "PK\u0007\u0008"u8.CopyTo(descriptor);
        Put32(descriptor, 4, crc);
        Put32(descriptor, 8, length);
        Put32(descriptor, wide ? 16 : 12, length);
        Write(descriptor);
    }

    private void AddToDirectory(byte[] path, byte[] zip64, ushort flags, uint crc, int length, long start)
    {
        var central = new byte[46];
        "PK\u0001\u0002"u8.CopyTo(central);
        Put(central, 8, flags);
        Put32(central, 16, crc);
        Put32(central, 20, length);
        Put32(central, 24, length);
        Put(central, 28, (ushort)path.Length);
        Put(central, 30, (ushort)zip64.Length);
        Put32(central, 42, start);
        _central.Write(central);
        _central.Write(path);
        _central.Write(zip64);
        _count++;
    }

    private static byte[] Zip64Offset(long offset)
    {
        var field = new byte[12];
        Put(field, 0, 1);
        Put(field, 2, 8);
        BinaryPrimitives.WriteInt64LittleEndian(field.AsSpan(4), offset);
        return field;
    }

    private static void Put(byte[] record, int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(at), value);

    // A value that does not fit is written as all ones, and stands in a zip64 record.
    private static void Put32(byte[] record, int at, long value) =>
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(at), (uint)Math.Min(value, uint.MaxValue));

    private void Write(ReadOnlySpan<byte> bytes)
    {
        stream.Write(bytes);
        _position += bytes.Length;
    }
}
