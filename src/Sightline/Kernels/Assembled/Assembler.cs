using System.Buffers.Binary;

namespace Sightline.Kernels.Assembled;

/// <summary>
/// Encodes the few x86-64 instructions that the assembled kernels consist of (Intel SDM volume 2, chapter 2.7: EVEX). The tests read them back with an
/// independent disassembler. General registers have their hardware numbers: rax 0, rcx 1, rdx 2, rsi 6, rdi 7, r8 … r15; rsp, rbp, r12 and r13
/// cannot be a base here, rsp no index.
/// </summary>
internal sealed class Assembler
{
    private readonly List<byte> _code = [];

    /// <summary>Prefix and map of an EVEX instruction.</summary>
    private enum Prefix
    {
        None = 0,
        P66 = 1,
        F3 = 2,
    }

    /// <summary>The next instruction's offset.</summary>
    public int Position => _code.Count;

    public byte[] ToArray() => [.. _code];

    /// <summary>zmm ← 64 bytes of memory.</summary>
    public void Load(int zmm, Memory source) => Evex(Prefix.None, map: 1, 0x10, zmm, 0, source, 64);

    /// <summary>64 bytes of memory ← zmm.</summary>
    public void Store(Memory target, int zmm) => Evex(Prefix.None, map: 1, 0x11, zmm, 0, target, 64);

    /// <summary>Every 32-bit lane ← 4 bytes of memory.</summary>
    public void Broadcast(int zmm, Memory source) => Evex(Prefix.P66, map: 2, 0x58, zmm, 0, source, 4);

    /// <summary>Bitwise exclusive or; of a register with itself: zero.</summary>
    public void Xor(int zmm, int a, int b) => Evex(Prefix.P66, map: 1, 0xEF, zmm, a, b);

    /// <summary>Bitwise and.</summary>
    public void And(int zmm, int a, int b) => Evex(Prefix.P66, map: 1, 0xDB, zmm, a, b);

    /// <summary>Shifts 32-bit lanes right, zeros moving in.</summary>
    public void ShiftRight(int zmm, int a, byte bits)
    {
        Evex(Prefix.P66, map: 1, 0x72, 2, zmm, a);
        _code.Add(bits);
    }

    /// <summary>vpdpbusd: sums += four unsigned bytes of a times four signed bytes of b.</summary>
    public void AddByteProducts(int sums, int a, int b) => Evex(Prefix.P66, map: 2, 0x50, sums, a, b);

    /// <summary>vdpbf16ps: sums += two bf16 numbers of a times two of b.</summary>
    public void AddBf16Products(int sums, int a, int b) => Evex(Prefix.F3, map: 2, 0x52, sums, a, b);

    /// <summary>64-bit register ← 8 bytes of memory.</summary>
    public void LoadGeneral(int register, int baseRegister, sbyte displacement) =>
        _code.AddRange([Rex(register, baseRegister), 0x8B, (byte)(0x40 | (register & 7) << 3 | baseRegister & 7), (byte)displacement]);

    /// <summary>Puts one of the first eight registers on the stack.</summary>
    public void Push(int register) => _code.Add((byte)(0x50 | register));

    /// <summary>Takes one of the first eight registers from the stack.</summary>
    public void Pop(int register) => _code.Add((byte)(0x58 | register));

    /// <summary>register ← a.</summary>
    public void Move(int register, int a) => _code.AddRange([Rex(a, register), 0x89, (byte)(0xC0 | (a & 7) << 3 | register & 7)]);

    /// <summary>register += a.</summary>
    public void Add(int register, int a) => _code.AddRange([Rex(a, register), 0x01, (byte)(0xC0 | (a & 7) << 3 | register & 7)]);

    /// <summary>register += value.</summary>
    public void AddConstant(int register, int value)
    {
        _code.AddRange([Rex(0, register), 0x81, (byte)(0xC0 | register & 7)]);
        AddInt32(value);
    }

    /// <summary>Subtracts 1 and sets the flags.</summary>
    public void Decrement(int register) => _code.AddRange([Rex(0, register), 0xFF, (byte)(0xC8 | register & 7)]);

    /// <summary>Jumps back where the last result was not zero.</summary>
    public void JumpIfNotZero(int target)
    {
        _code.AddRange([0x0F, 0x85]);
        AddInt32(target - (_code.Count + 4));
    }

    /// <summary>Asks for a cache line that will be read; one that is read a single time need not stay (prefetchnta instead of prefetcht0).</summary>
    public void Prefetch(int baseRegister, int displacement, bool once)
    {
        _code.AddRange([Rex(0, baseRegister), 0x0F, 0x18, (byte)((once ? 0x80 : 0x88) | baseRegister & 7)]);
        AddInt32(displacement);
    }

    /// <summary>Leaves the vector registers as code without AVX expects them, and returns.</summary>
    public void Return() => _code.AddRange([0xC5, 0xF8, 0x77, 0xC3]);

    private static byte Rex(int register, int rm) => (byte)(0x48 | (register >> 3 & 1) << 2 | rm >> 3 & 1);

    private void Evex(Prefix prefix, int map, byte opcode, int register, int second, int rm)
    {
        Head(prefix, map, register, second, index: rm >> 4 & 1, rm >> 3 & 1);
        _code.AddRange([opcode, (byte)(0xC0 | (register & 7) << 3 | rm & 7)]);
    }

    private void Evex(Prefix prefix, int map, byte opcode, int register, int second, Memory memory, int operandBytes)
    {
        var hasIndex = memory.Index >= 0;
        Head(prefix, map, register, second, hasIndex ? memory.Index >> 3 & 1 : 0, memory.Base >> 3 & 1);
        _code.Add(opcode);
        var compressed = memory.Displacement % operandBytes == 0 && memory.Displacement / operandBytes is >= sbyte.MinValue and <= sbyte.MaxValue;
        var mode = memory.Displacement == 0 ? 0 : compressed ? 0x40 : 0x80;
        _code.Add((byte)(mode | (register & 7) << 3 | (hasIndex ? 4 : memory.Base & 7)));
        if (hasIndex)
            _code.Add((byte)((memory.Scale == 2 ? 0x40 : 0) | (memory.Index & 7) << 3 | memory.Base & 7));
        if (mode == 0x40)
            _code.Add((byte)(memory.Displacement / operandBytes));
        else if (mode == 0x80)
            AddInt32(memory.Displacement);
    }

    // 62, then the upper register bits (stored inverted) and the map, W = 0 with the second source and the prefix, then 512 bits without mask.
    private void Head(Prefix prefix, int map, int register, int second, int index, int lowBase)
    {
        _code.Add(0x62);
        _code.Add((byte)((~register >> 3 & 1) << 7 | (~index & 1) << 6 | (~lowBase & 1) << 5 | (~register >> 4 & 1) << 4 | map));
        _code.Add((byte)((~second & 15) << 3 | 4 | (int)prefix));
        _code.Add((byte)(0x40 | (~second >> 4 & 1) << 3));
    }

    private void AddInt32(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        _code.AddRange(bytes);
    }

    /// <summary>base + index · scale + displacement; index −1 is none.</summary>
    internal readonly record struct Memory(int Base, int Displacement = 0, int Index = -1, int Scale = 1);
}
