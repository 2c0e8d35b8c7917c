using System.Buffers.Binary;

namespace Sightline.Data.Formats;

/// <summary>
/// Walks the footer of a Parquet file (Thrift's compact protocol) before the Parquet library reads it: a damaged length there can keep the library busy
/// without end. What the fields mean is left to the library.
/// </summary>
internal ref struct ParquetFooter
{
    private const int MaxDepth = 32;
    private const int MinFileLength = 12;

    private ReadOnlySpan<byte> _rest;

    /// <exception cref="InvalidDataException">The footer is damaged.</exception>
    public static void Check(Stream file)
    {
        if (file.Length < MinFileLength)
            throw new InvalidDataException("the file is too short");
        Span<byte> tail = stackalloc byte[8];
        file.Position = file.Length - tail.Length;
        file.ReadExactly(tail);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(tail);
        if (!tail[4..].SequenceEqual("PAR1"u8) || length > file.Length - MinFileLength)
            throw new InvalidDataException("the file does not end as a Parquet file does");
        var bytes = new byte[length];
        file.Position = file.Length - tail.Length - length;
        file.ReadExactly(bytes);
        file.Position = 0;
        var footer = new ParquetFooter { _rest = bytes };
        footer.SkipStruct(0);
        if (footer._rest.Length > 0)
            throw new InvalidDataException("the footer is longer than its content");
    }

    private void SkipStruct(int depth)
    {
        while (Take() is var head && head != 0)
        {
            if (head >> 4 == 0)
                Varint();
            if ((head & 15) is var type && type > 2) // 1 and 2 are the values true and false themselves
                Skip(type, depth);
        }
    }

    private void Skip(int type, int depth)
    {
        if (depth > MaxDepth)
            throw new InvalidDataException("the footer is nested too deeply");
        switch (type)
        {
            case 1 or 2 or 3:
                Take();
                break;
            case 4 or 5 or 6:
                Varint();
                break;
            case 7:
                Take(8);
                break;
            case 8:
                Take(Varint());
                break;
            case 9 or 10:
                SkipList(depth);
                break;
            case 11:
                SkipMap(depth);
                break;
            case 12:
                SkipStruct(depth + 1);
                break;
            default:
                throw new InvalidDataException($"the footer has a value of unknown type {type}");
        }
    }

    private void SkipList(int depth)
    {
        var head = Take();
        var count = head >> 4 == 15 ? Count() : head >> 4;
        for (var i = 0; i < count; i++)
            Skip(head & 15, depth + 1);
    }

    private void SkipMap(int depth)
    {
        var count = Count();
        var types = count == 0 ? 0 : Take();
        for (var i = 0; i < count; i++)
        {
            Skip(types >> 4, depth + 1);
            Skip(types & 15, depth + 1);
        }
    }

    // Every element takes at least a byte.
    private int Count() => Varint() is var count && count <= (ulong)_rest.Length ? (int)count : throw new InvalidDataException("the footer is cut off");

    private ulong Varint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Take();
            value |= (ulong)(next & 127) << shift;
            if (next < 128)
                return value;
        }

        throw new InvalidDataException("the footer has a number of more than 64 bits");
    }

    private int Take()
    {
        if (_rest.IsEmpty)
            throw new InvalidDataException("the footer is cut off");
        var value = _rest[0];
        _rest = _rest[1..];
        return value;
    }

    private void Take(ulong count)
    {
        if (count > (ulong)_rest.Length)
            throw new InvalidDataException("the footer is cut off");
        _rest = _rest[(int)count..];
    }
}
