using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Sightline.Checkpoints.Pickle;

/// <summary>
/// Writes pickles of protocol 2 as CPython's C pickler does, byte for byte: the kinds of values that <see cref="PickleReader"/> gives, plus
/// <see cref="PickleReduce"/>, <see cref="PickleNew"/>, <see cref="PickleBuild"/> and <see cref="PicklePersistentId"/>. A value that occurs again (the same object) is taken from the memo, as in Python.
/// </summary>
internal sealed class PickleWriter
{
    private const int BatchSize = 1000;

    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly Dictionary<object, int> _memo = new(ReferenceEqualityComparer.Instance);

    /// <summary>The pickle of one value.</summary>
    public static byte[] Write(object? value)
    {
        var writer = new PickleWriter();
        writer.Emit('\x80');
        writer.Emit('\x02');
        writer.Save(value);
        writer.Emit('.');
        return writer._output.WrittenSpan.ToArray();
    }

    private void Save(object? value)
    {
        if (value is not null && _memo.TryGetValue(value, out var index))
        {
            EmitIndexed('h', 'j', index);
            return;
        }

        switch (value)
        {
            case null:
                Emit('N');
                break;
            case bool flag:
                Emit(flag ? '\x88' : '\x89');
                break;
            case int number:
                SaveInteger(number);
                break;
            case long number:
                SaveInteger(number);
                break;
            case BigInteger number:
                SaveLong(number);
                break;
            case double number:
                Span<byte> real = stackalloc byte[8];
                BinaryPrimitives.WriteDoubleBigEndian(real, number);
                Emit('G');
                _output.Write(real);
                break;
            case string text:
                var utf8 = Encoding.UTF8.GetBytes(text);
                Emit('X');
                EmitUInt32((uint)utf8.Length);
                _output.Write(utf8);
                Memoize(text);
                break;
            case object?[] tuple:
                SaveTuple(tuple);
                break;
            case List<object?> list:
                SaveList(list);
                break;
            case PickleDictionary dictionary:
                SaveDictionary(dictionary);
                break;
            case PickleGlobal global:
                Emit('c');
                _output.Write(Encoding.UTF8.GetBytes($"{global.Module}\n{global.Name}\n"));
                Memoize(global);
                break;
            case PickleReduce reduce:
                Save(reduce.Callee);
                Save(reduce.Arguments);
                Emit('R');
                Memoize(reduce);
                break;
            case PickleNew made:
                Save(made.Type);
                Emit(')');
                Emit('\x81');
                Memoize(made);
                break;
            case PickleBuild build:
                Save(build.Made);
                Save(build.State);
                Emit('b');
                break;
            case PicklePersistentId persistent:
                Save(persistent.Id);
                Emit('Q');
                break;
            default:
                throw new ArgumentException($"a {value.GetType().Name} cannot be pickled.", nameof(value));
        }
    }

    private void SaveInteger(long number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, (int)number);
        if (number is >= 0 and <= byte.MaxValue)
        {
            Emit('K');
            _output.Write(bytes[..1]);
        }
        else if (number is >= 0 and <= ushort.MaxValue)
        {
            Emit('M');
            _output.Write(bytes[..2]);
        }
        else if (number is >= int.MinValue and <= int.MaxValue)
        {
            Emit('J');
            _output.Write(bytes);
        }
        else
        {
            SaveLong(number);
        }
    }

    private void SaveLong(BigInteger number)
    {
        var bytes = number.ToByteArray();
        if (bytes.Length > byte.MaxValue)
            throw new ArgumentException($"a whole number of {bytes.Length} bytes cannot be pickled.", nameof(number));
        Emit('\x8a');
        Emit((char)bytes.Length);
        _output.Write(bytes);
    }

    private void SaveTuple(object?[] tuple)
    {
        if (tuple.Length == 0)
        {
            Emit(')');
            return;
        }

        if (tuple.Length > 3)
            Emit('(');
        foreach (var item in tuple)
            Save(item);
        Emit(tuple.Length > 3 ? 't' : (char)(0x84 + tuple.Length));
        Memoize(tuple);
    }

    private void SaveList(List<object?> list)
    {
        Emit(']');
        Memoize(list);
        if (list.Count == 1)
        {
            Save(list[0]);
            Emit('a');
            return;
        }

        foreach (var batch in list.Chunk(BatchSize))
        {
            Emit('(');
            foreach (var item in batch)
                Save(item);
            Emit('e');
        }
    }

    // A dict whose size is a multiple of the batch ends with an empty batch: CPython's pickler does so.
    private void SaveDictionary(PickleDictionary dictionary)
    {
        Emit('}');
        Memoize(dictionary);
        var entries = dictionary.Entries;
        if (entries.Count == 0)
            return;
        if (entries.Count == 1)
        {
            Save(entries[0].Key);
            Save(entries[0].Value);
            Emit('s');
            return;
        }

        for (var start = 0; start <= entries.Count; start += BatchSize)
        {
            Emit('(');
            for (var i = start; i < Math.Min(start + BatchSize, entries.Count); i++)
            {
                Save(entries[i].Key);
                Save(entries[i].Value);
            }

            Emit('u');
        }
    }

    private void Memoize(object value)
    {
        EmitIndexed('q', 'r', _memo.Count);
        _memo.Add(value, _memo.Count);
    }

    private void EmitIndexed(char shortCode, char longCode, int index)
    {
        if (index <= byte.MaxValue)
        {
            Emit(shortCode);
            Emit((char)index);
            return;
        }

        Emit(longCode);
        EmitUInt32((uint)index);
    }

    private void EmitUInt32(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        _output.Write(bytes);
    }

    private void Emit(char code)
    {
        _output.GetSpan(1)[0] = (byte)code;
        _output.Advance(1);
    }
}
