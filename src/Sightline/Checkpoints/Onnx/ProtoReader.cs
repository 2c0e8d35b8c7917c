using System.Buffers.Binary;
using System.Text;

namespace Sightline.Checkpoints.Onnx;

/// <summary>Reads the fields of one protobuf message in place. Every length is checked against the bytes that are there.</summary>
internal ref struct ProtoReader
{
    /// <summary>Wire types: what the bytes behind a field's number are.</summary>
    public const int VarintType = 0, Fixed64Type = 1, BytesType = 2, Fixed32Type = 5;

    private readonly ReadOnlySpan<byte> _data;
    private readonly long _start;
    private readonly string _file;
    private int _position;

    public ProtoReader(ReadOnlySpan<byte> data, long start, string file)
    {
        _data = data;
        _start = start;
        _file = file;
    }

    /// <summary>Goes to the next field.</summary>
    /// <returns>False at the end of the message.</returns>
    public bool Next(out int field, out int type)
    {
        if (_position == _data.Length)
        {
            (field, type) = (0, 0);
            return false;
        }

        var key = Varint();
        (field, type) = ((int)Math.Min(key >> 3, int.MaxValue), (int)(key & 7));
        if (field == 0 || type is not (VarintType or Fixed64Type or BytesType or Fixed32Type))
            throw Damaged("no field begins here");
        return true;
    }

    public ulong Varint()
    {
        var result = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (_position == _data.Length)
                throw Damaged("a number is cut off");
            var next = _data[_position++];
            result |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return result;
        }

        throw Damaged("a number has more than 64 bits");
    }

    public float Single() => BinaryPrimitives.ReadSingleLittleEndian(Take(4));

    /// <summary>The bytes of a field and where they begin in the file.</summary>
    public ReadOnlySpan<byte> Bytes(out long offset)
    {
        var length = Varint();
        if (length > (ulong)(_data.Length - _position))
            throw Damaged($"a field claims {length} bytes, {_data.Length - _position} are there");
        offset = _start + _position;
        return Take((int)length);
    }

    public ProtoReader Message()
    {
        var bytes = Bytes(out var offset);
        return new ProtoReader(bytes, offset, _file);
    }

    /// <summary>A name; no longer than names are.</summary>
    public string Text()
    {
        const int MaxLength = 1 << 14;
        var bytes = Bytes(out _);
        return bytes.Length <= MaxLength ? Encoding.UTF8.GetString(bytes) : throw Damaged($"a name has {bytes.Length} bytes");
    }

    /// <summary>Whole numbers of a repeated field, packed or one by one.</summary>
    public void Integers(int type, List<long> values, int most)
    {
        if (type == VarintType)
        {
            values.Add((long)Varint());
        }
        else
        {
            var packed = Message();
            while (packed._position < packed._data.Length && values.Count <= most)
                values.Add((long)packed.Varint());
        }

        if (values.Count > most)
            throw Damaged($"a list has more than {most} numbers");
    }

    public void Skip(int type)
    {
        switch (type)
        {
            case VarintType:
                Varint();
                break;
            case BytesType:
                Bytes(out _);
                break;
            default:
                Take(type == Fixed32Type ? 4 : 8);
                break;
        }
    }

    public readonly CheckpointException Damaged(string what) => new($"{_file}: not a readable ONNX file: {what} (byte {_start + _position}).");

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _data.Length - _position)
            throw Damaged("a field is cut off");
        _position += length;
        return _data.Slice(_position - length, length);
    }
}
