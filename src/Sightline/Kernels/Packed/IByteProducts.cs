using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Sightline.Kernels;

/// <summary>How a processor multiplies four neighbouring bytes and adds the products to a 32-bit sum.</summary>
/// <typeparam name="T">A register of 32-bit sums.</typeparam>
internal interface IByteProducts<T>
{
    static abstract string Name { get; }

    /// <summary>Whether weights are taken as −127 … 127 instead of 0 … 255.</summary>
    static abstract bool Signed { get; }

    /// <summary>sum + the four products of weight and x (−127 … 127) of each 32-bit lane; exact.</summary>
    static abstract T Add(T sum, T weight, T x);
}

/// <summary>AVX-VNNI: one instruction.</summary>
internal readonly struct VnniProducts : IByteProducts<Vector256<int>>
{
    public static string Name => "avx-vnni";

    public static bool Signed => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<int> weight, Vector256<int> x) =>
        AvxVnni.MultiplyWideningAndAdd(sum, weight.AsByte(), x.AsSByte());
}

/// <summary>AVX2: vpmaddubsw saturates at 2¹⁵; |weight| · (x with the weight's sign) stays within 2 · 127 · 127 = 32,258.</summary>
internal readonly struct Avx2Products : IByteProducts<Vector256<int>>
{
    public static string Name => "avx2";

    public static bool Signed => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<int> weight, Vector256<int> x)
    {
        var pairs = Avx2.MultiplyAddAdjacent(Avx2.Abs(weight.AsSByte()), Avx2.Sign(x.AsSByte(), weight.AsSByte()));
        return sum + Avx2.MultiplyAddAdjacent(pairs, Vector256.Create((short)1));
    }
}

/// <summary>Arm's dot product: one instruction.</summary>
internal readonly struct ArmProducts : IByteProducts<Vector128<int>>
{
    public static string Name => "arm-dot";

    public static bool Signed => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> sum, Vector128<int> weight, Vector128<int> x) =>
        Dp.DotProduct(sum, weight.AsSByte(), x.AsSByte());
}

/// <summary>Any 128-bit vectors: even and odd bytes widened to 16 bits, their products to 32.</summary>
internal readonly struct WidenedProducts : IByteProducts<Vector128<int>>
{
    public static string Name => "vector128";

    public static bool Signed => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> sum, Vector128<int> weight, Vector128<int> x)
    {
        var (w, v) = (weight.AsInt16(), x.AsInt16());
        // Each 16-bit lane holds two products of at most 127 · 127, together within 16 bits.
        var pairs = ((w << 8 >> 8) * (v << 8 >> 8)) + ((w >> 8) * (v >> 8));
        return sum + (pairs.AsInt32() << 16 >> 16) + (pairs.AsInt32() >> 16);
    }
}
