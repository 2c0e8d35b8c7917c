using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Sightline.Checkpoints.Pickle;

/// <summary>
/// Reads Python pickles (binary opcodes of protocols 2 to 5 that PyTorch's files use) into plain values: null, bool, long, BigInteger, double, string,
/// byte[], object?[] (a tuple), List of object? (a list), <see cref="PickleDictionary"/>, <see cref="PickleGlobal"/> and what the
/// allowed constructors return. It runs nothing: a name that is not in the list given ends the reading.
/// The work and memory are bounded by the number of bytes and by <see cref="MaxObjects"/>; nothing here recurses.
/// Instruction set: CPython's <c>pickletools.py</c>.
/// </summary>
/// <param name="source">The file, for messages.</param>
/// <param name="data">One pickle or several in a row.</param>
/// <param name="globals">The names allowed.</param>
/// <param name="loadPersistent">Resolves persistent ids (torch's storages); null where none are expected.</param>
internal sealed class PickleReader(string source, ReadOnlyMemory<byte> data, PickleGlobals globals, Func<PickleReader, object?, object?>? loadPersistent = null)
{
    /// <summary>The most values and memo entries that are made while reading: a tensor needs about 30, so there is room for 60,000 of them.</summary>
    public const int MaxObjects = 2_000_000;

    private const int MaxIntegerBytes = 1024;

    private static readonly object s_mark = new();
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly List<object?> _stack = [];
    private readonly Dictionary<uint, object?> _memo = [];
    private int _position;
    private int _instruction;
    private long _objects;

    /// <summary>The byte after the last pickle that was read.</summary>
    public int Position => _position;

    /// <summary>Reads one pickle.</summary>
    /// <exception cref="CheckpointException">It is damaged, names something that is not allowed, or is too large.</exception>
    public object? Read()
    {
        _stack.Clear();
        _memo.Clear();
        while (true)
        {
            _instruction = _position;
            var code = Take(1)[0];
            if (code == '.')
            {
                var result = Pop();
                return _stack.Count == 0 ? result : throw Fail($"{_stack.Count} values are left over at the end");
            }

            Execute(code);
        }
    }

    /// <summary>Counts values that a constructor makes beside the one it returns.</summary>
    public void Charge(long count)
    {
        _objects += count;
        if (_objects > MaxObjects)
            throw Fail($"more than {MaxObjects} values; not a tensor checkpoint");
    }

    /// <summary>An error at the instruction that is being carried out.</summary>
    public CheckpointException Fail(string problem) => new($"{source}: pickle byte {_instruction}: {problem}.");

    private void Execute(byte code)
    {
        switch (code)
        {
            case 0x80: // PROTO
                var protocol = Take(1)[0];
                if (protocol > 5)
                    throw Fail($"protocol {protocol} is not supported (2 to 5 are)");
                break;
            case 0x95: // FRAME
                Take(8);
                break;
            case (byte)'(':
                Push(s_mark);
                break;
            case (byte)'0':
                Pop();
                break;
            case (byte)'1':
                PopToMark();
                break;
            case (byte)'2':
                Push(Peek());
                break;
            case (byte)'N':
                Push(null);
                break;
            case 0x88:
                Push(true);
                break;
            case 0x89:
                Push(false);
                break;
            case (byte)'J':
                Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)));
                break;
            case (byte)'K':
                Push((long)Take(1)[0]);
                break;
            case (byte)'M':
                Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
                break;
            case 0x8a:
                PushInteger(Take(1)[0]);
                break;
            case 0x8b:
                PushInteger(BinaryPrimitives.ReadInt32LittleEndian(Take(4)));
                break;
            case (byte)'G':
                Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8)));
                break;
            case (byte)'U' or 0x8c: // SHORT_BINSTRING (Python 2's str), SHORT_BINUNICODE
                Push(Text(Take(Take(1)[0])));
                break;
            case (byte)'T' or (byte)'X': // BINSTRING, BINUNICODE
                Push(Text(TakeCounted(4)));
                break;
            case 0x8d: // BINUNICODE8
                Push(Text(TakeCounted(8)));
                break;
            case (byte)'C':
                Push(Take(Take(1)[0]).ToArray());
                break;
            case (byte)'B':
                Push(TakeCounted(4).ToArray());
                break;
            case 0x8e:
                Push(TakeCounted(8).ToArray());
                break;
            case (byte)')':
                Push(Array.Empty<object?>());
                break;
            case (byte)'t':
                Push(PopToMark());
                break;
            case 0x85 or 0x86 or 0x87:
                Push(PopMany(code - 0x84));
                break;
            case (byte)']':
                Push(new List<object?>());
                break;
            case (byte)'a':
                var item = Pop();
                PeekList().Add(item);
                break;
            case (byte)'e':
                var items = PopToMark();
                PeekList().AddRange(items);
                break;
            case (byte)'}':
                Push(new PickleDictionary());
                break;
            case (byte)'s':
                SetItems(PopMany(2));
                break;
            case (byte)'u':
                SetItems(PopToMark());
                break;
            case (byte)'q':
                Memoize(Take(1)[0]);
                break;
            case (byte)'r':
                Memoize(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)));
                break;
            case 0x94: // MEMOIZE
                Memoize((uint)_memo.Count);
                break;
            case (byte)'h':
                PushMemo(Take(1)[0]);
                break;
            case (byte)'j':
                PushMemo(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)));
                break;
            case (byte)'c':
                var module = TakeLine();
                PushGlobal(module, TakeLine());
                break;
            case 0x93: // STACK_GLOBAL
                if (PopMany(2) is not [string stackModule, string stackName])
                    throw Fail("a global is named by something other than two texts");
                PushGlobal(stackModule, stackName);
                break;
            case (byte)'R' or 0x81: // REDUCE, NEWOBJ
                Call();
                break;
            case (byte)'b':
                var state = Pop();
                if (Peek() is not IPickleState target)
                    throw Fail("a state is given to a value that takes none");
                target.SetState(state);
                break;
            case (byte)'Q':
                var id = Pop();
                Push(loadPersistent is null ? throw Fail("a persistent id where none is expected") : loadPersistent(this, id));
                break;
            default:
                throw Fail($"opcode 0x{code:x2} is not one that PyTorch's files use; the file is damaged or not a checkpoint");
        }
    }

    private void Call()
    {
        var arguments = Pop() as object?[] ?? throw Fail("a call without a tuple of arguments");
        if (Pop() is not PickleGlobal callee)
            throw Fail("a call of something that is not a global");
        if (callee.Construct is null)
            throw Fail($"{callee.FullName} must not be called");
        Push(callee.Construct(this, arguments));
    }

    private void PushGlobal(string module, string name) =>
        Push(globals.Find(module, name) ?? throw Fail($"the global {MessageText.Quote($"{module}.{name}")} is not one that tensor checkpoints need; nothing was executed. Do not load this file with Python if you do not trust it"));

    private void Memoize(uint index)
    {
        Charge(1);
        _memo[index] = Peek();
    }

    private void PushMemo(uint index) => Push(_memo.TryGetValue(index, out var value) ? value : throw Fail($"memo {index} is used before it is set"));

    private void PushInteger(int length)
    {
        if (length is < 0 or > MaxIntegerBytes)
            throw Fail($"a whole number of {length} bytes (at most {MaxIntegerBytes} are read)");
        var value = new BigInteger(Take(length));
        Push(value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value);
    }

    private void SetItems(object?[] pairs)
    {
        if (Peek() is not PickleDictionary dictionary)
            throw Fail("entries are set on something that is not a dict");
        if (pairs.Length % 2 != 0)
            throw Fail("a key without a value");
        for (var i = 0; i < pairs.Length; i += 2)
            SetItem(dictionary, pairs[i], pairs[i + 1]);
    }

    /// <summary>Sets an entry after checking that the key is of a kind that can be compared at once.</summary>
    public void SetItem(PickleDictionary dictionary, object? key, object? value)
    {
        if (key is not (string or long or double or bool))
            throw Fail($"a dict key that is not a text or a number ({key?.GetType().Name ?? "None"})");
        dictionary.Set(key, value);
    }

    private void Push(object? value)
    {
        Charge(1);
        _stack.Add(value);
    }

    private object? Peek() => _stack.Count > 0 && _stack[^1] != s_mark ? _stack[^1] : throw Fail("the stack is empty");

    private List<object?> PeekList() => Peek() as List<object?> ?? throw Fail("an item is appended to something that is not a list");

    private object? Pop()
    {
        var value = Peek();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private object?[] PopMany(int count)
    {
        var values = new object?[count];
        for (var i = count - 1; i >= 0; i--)
            values[i] = Pop();
        return values;
    }

    private object?[] PopToMark()
    {
        var mark = _stack.LastIndexOf(s_mark);
        if (mark < 0)
            throw Fail("there is no mark on the stack");
        var values = _stack.GetRange(mark + 1, _stack.Count - mark - 1).ToArray();
        _stack.RemoveRange(mark, _stack.Count - mark);
        return values;
    }

    private ReadOnlySpan<byte> Take(long count)
    {
        if (count > data.Length - _position)
            throw Fail($"{count} more bytes are needed, {data.Length - _position} are left; the file is cut off or damaged");
        var bytes = data.Span.Slice(_position, (int)count);
        _position += (int)count;
        return bytes;
    }

    private ReadOnlySpan<byte> TakeCounted(int width)
    {
        var count = width == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(Take(4)) : BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
        return Take((long)Math.Min(count, long.MaxValue));
    }

    private string TakeLine()
    {
        var end = data.Span[_position..].IndexOf((byte)'\n');
        if (end < 0)
            throw Fail("a name without an end");
        var line = Text(Take(end));
        Take(1);
        return line;
    }

    private string Text(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return s_utf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Fail("a text that is not UTF-8");
        }
    }
}
