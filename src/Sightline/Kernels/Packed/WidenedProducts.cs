using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Sightline.Kernels;

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
