using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sightline.Kernels;

/// <summary>AVX-VNNI: one instruction.</summary>
internal readonly struct VnniProducts : IByteProducts<Vector256<int>>
{
    public static string Name => "avx-vnni";

    public static bool Signed => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<int> weight, Vector256<int> x) =>
        AvxVnni.MultiplyWideningAndAdd(sum, weight.AsByte(), x.AsSByte());
}
