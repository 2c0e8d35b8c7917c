using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sightline.Kernels;

/// <summary>A register of floats. One formula written over it serves every vector width; the JIT specialises it for each.</summary>
internal interface ILanes<T> where T : struct, ILanes<T>
{
    static abstract string Name { get; }

    static abstract int Count { get; }

    static abstract T Load(ref float origin, nuint offset);

    static abstract T Broadcast(float value);

    /// <summary>a · b + c.</summary>
    static abstract T MultiplyAdd(T a, T b, T c);

    static abstract float Sum(T a);

    /// <summary>Whole numbers plus <paramref name="addend"/>, rounded to floats.</summary>
    static abstract T Convert(ref int origin, nuint offset, int addend);

    /// <summary>a · b, rounded.</summary>
    static abstract T Multiply(T a, T b);

    static abstract T Add(T a, T b);

    /// <summary>a / b, rounded.</summary>
    static abstract T Divide(T a, T b);

    static abstract T Abs(T a);

    /// <summary>The greater; b where one is not a number.</summary>
    static abstract T Max(T a, T b);

    /// <summary>The smaller; b where one is not a number.</summary>
    static abstract T Min(T a, T b);

    /// <summary>The nearest whole number, ties to even.</summary>
    static abstract T Round(T a);

    /// <summary>a · 2ⁿ for whole n from −127, which gives 0, to 127.</summary>
    static abstract T Scale(T a, T n);

    /// <summary>The greatest lane.</summary>
    static abstract float Greatest(T a);

    /// <summary>The lower halves of the lanes' bits, read as bf16.</summary>
    static abstract T ShiftLeft16(T a);

    /// <summary>The upper halves of the lanes' bits, read as bf16.</summary>
    static abstract T Upper16(T a);

    /// <summary>The nearest bf16, ties to even, in the upper halves of the lanes' bits.</summary>
    static abstract T ToBf16(T a);

    /// <summary>Bits of <paramref name="upper"/>'s upper halves above those of <paramref name="lower"/>'s.</summary>
    static abstract T PairBf16(T lower, T upper);

    /// <summary>Stores the upper halves of the lanes' bits.</summary>
    void StoreUpper16(ref ushort origin, nuint offset);

    void Store(ref float origin, nuint offset);
}

internal readonly struct Lanes512(Vector512<float> v) : ILanes<Lanes512>
{
    private readonly Vector512<float> _v = v;

    public static string Name => "vector512";

    public static int Count => Vector512<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(ref float origin, nuint offset) => new(Vector512.LoadUnsafe(ref origin, offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Broadcast(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 MultiplyAdd(Lanes512 a, Lanes512 b, Lanes512 c) => new(Vector512.FusedMultiplyAdd(a._v, b._v, c._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes512 a) => Vector512.Sum(a._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Convert(ref int origin, nuint offset, int addend) =>
        new(Vector512.ConvertToSingle(Vector512.LoadUnsafe(ref origin, offset) + Vector512.Create(addend)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Multiply(Lanes512 a, Lanes512 b) => new(a._v * b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Add(Lanes512 a, Lanes512 b) => new(a._v + b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Divide(Lanes512 a, Lanes512 b) => new(a._v / b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Abs(Lanes512 a) => new(Vector512.Abs(a._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Max(Lanes512 a, Lanes512 b) => new(Vector512.MaxNative(a._v, b._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Min(Lanes512 a, Lanes512 b) => new(Vector512.MinNative(a._v, b._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Round(Lanes512 a) => new(Vector512.Round(a._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Scale(Lanes512 a, Lanes512 n) => new(a._v * ((Vector512.ConvertToInt32Native(n._v) + Vector512.Create(127)) << 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Greatest(Lanes512 a) => Lanes256.Greatest(new(Vector256.MaxNative(a._v.GetLower(), a._v.GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 ShiftLeft16(Lanes512 a) => new((a._v.AsInt32() << 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Upper16(Lanes512 a) => new((a._v.AsInt32() & Vector512.Create(unchecked((int)0xFFFF0000))).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 ToBf16(Lanes512 a)
    {
        var bits = a._v.AsUInt32();
        return new(((bits + Vector512.Create(0x7FFFu) + ((bits >>> 16) & Vector512<uint>.One)) & Vector512.Create(0xFFFF0000)).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 PairBf16(Lanes512 lower, Lanes512 upper) => new(((lower._v.AsUInt32() >>> 16) | (upper._v.AsUInt32() & Vector512.Create(0xFFFF0000))).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreUpper16(ref ushort origin, nuint offset) =>
        (Avx512F.IsSupported ? Avx512F.ConvertToVector256UInt16(_v.AsUInt32() >>> 16) : Vector256.Narrow(_v.GetLower().AsUInt32() >>> 16, _v.GetUpper().AsUInt32() >>> 16)).StoreUnsafe(ref origin, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref float origin, nuint offset) => _v.StoreUnsafe(ref origin, offset);
}

internal readonly struct Lanes256(Vector256<float> v) : ILanes<Lanes256>
{
    private readonly Vector256<float> _v = v;

    public static string Name => "vector256";

    public static int Count => Vector256<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(ref float origin, nuint offset) => new(Vector256.LoadUnsafe(ref origin, offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Broadcast(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 MultiplyAdd(Lanes256 a, Lanes256 b, Lanes256 c) => new(Vector256.MultiplyAddEstimate(a._v, b._v, c._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes256 a) => Vector256.Sum(a._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Convert(ref int origin, nuint offset, int addend) =>
        new(Vector256.ConvertToSingle(Vector256.LoadUnsafe(ref origin, offset) + Vector256.Create(addend)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Multiply(Lanes256 a, Lanes256 b) => new(a._v * b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Add(Lanes256 a, Lanes256 b) => new(a._v + b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Divide(Lanes256 a, Lanes256 b) => new(a._v / b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Abs(Lanes256 a) => new(Vector256.Abs(a._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Max(Lanes256 a, Lanes256 b) => new(Vector256.MaxNative(a._v, b._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Min(Lanes256 a, Lanes256 b) => new(Vector256.MinNative(a._v, b._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Round(Lanes256 a) => new(Vector256.Round(a._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Scale(Lanes256 a, Lanes256 n) => new(a._v * ((Vector256.ConvertToInt32Native(n._v) + Vector256.Create(127)) << 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Greatest(Lanes256 a) => Lanes128.Greatest(new(Vector128.MaxNative(a._v.GetLower(), a._v.GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 ShiftLeft16(Lanes256 a) => new((a._v.AsInt32() << 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Upper16(Lanes256 a) => new((a._v.AsInt32() & Vector256.Create(unchecked((int)0xFFFF0000))).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 ToBf16(Lanes256 a)
    {
        var bits = a._v.AsUInt32();
        return new(((bits + Vector256.Create(0x7FFFu) + ((bits >>> 16) & Vector256<uint>.One)) & Vector256.Create(0xFFFF0000)).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 PairBf16(Lanes256 lower, Lanes256 upper) => new(((lower._v.AsUInt32() >>> 16) | (upper._v.AsUInt32() & Vector256.Create(0xFFFF0000))).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreUpper16(ref ushort origin, nuint offset) =>
        (Vector128.Narrow(_v.GetLower().AsUInt32() >>> 16, _v.GetUpper().AsUInt32() >>> 16)).StoreUnsafe(ref origin, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref float origin, nuint offset) => _v.StoreUnsafe(ref origin, offset);
}

/// <summary>Also the plain path: without vector hardware the JIT compiles it to scalar code.</summary>
internal readonly struct Lanes128(Vector128<float> v) : ILanes<Lanes128>
{
    private readonly Vector128<float> _v = v;

    public static string Name => "vector128";

    public static int Count => Vector128<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(ref float origin, nuint offset) => new(Vector128.LoadUnsafe(ref origin, offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Broadcast(float value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 MultiplyAdd(Lanes128 a, Lanes128 b, Lanes128 c) => new(Vector128.MultiplyAddEstimate(a._v, b._v, c._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes128 a) => Vector128.Sum(a._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Convert(ref int origin, nuint offset, int addend) =>
        new(Vector128.ConvertToSingle(Vector128.LoadUnsafe(ref origin, offset) + Vector128.Create(addend)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Multiply(Lanes128 a, Lanes128 b) => new(a._v * b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Add(Lanes128 a, Lanes128 b) => new(a._v + b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Divide(Lanes128 a, Lanes128 b) => new(a._v / b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Abs(Lanes128 a) => new(Vector128.Abs(a._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Max(Lanes128 a, Lanes128 b) => new(Vector128.MaxNative(a._v, b._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Min(Lanes128 a, Lanes128 b) => new(Vector128.MinNative(a._v, b._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Round(Lanes128 a) => new(Vector128.Round(a._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Scale(Lanes128 a, Lanes128 n) => new(a._v * ((Vector128.ConvertToInt32Native(n._v) + Vector128.Create(127)) << 23).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Greatest(Lanes128 a) => MathF.Max(MathF.Max(a._v[0], a._v[1]), MathF.Max(a._v[2], a._v[3]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 ShiftLeft16(Lanes128 a) => new((a._v.AsInt32() << 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Upper16(Lanes128 a) => new((a._v.AsInt32() & Vector128.Create(unchecked((int)0xFFFF0000))).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 ToBf16(Lanes128 a)
    {
        var bits = a._v.AsUInt32();
        return new(((bits + Vector128.Create(0x7FFFu) + ((bits >>> 16) & Vector128<uint>.One)) & Vector128.Create(0xFFFF0000)).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 PairBf16(Lanes128 lower, Lanes128 upper) => new(((lower._v.AsUInt32() >>> 16) | (upper._v.AsUInt32() & Vector128.Create(0xFFFF0000))).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreUpper16(ref ushort origin, nuint offset) =>
        (Vector64.Narrow(_v.GetLower().AsUInt32() >>> 16, _v.GetUpper().AsUInt32() >>> 16)).StoreUnsafe(ref origin, offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(ref float origin, nuint offset) => _v.StoreUnsafe(ref origin, offset);
}
