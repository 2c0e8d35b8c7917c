using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sightline.Kernels;

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
