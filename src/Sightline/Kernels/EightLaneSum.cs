using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Sightline.Kernels;

/// <summary>
/// A sum in eight fp32 accumulators, element i in accumulator i mod 8, halved until one is left: the order in which torch's AVX2 kernels add
/// (<c>vec_reduce_all</c>, torch 1.10 to 2.x). Over GPT-2's 50,257 tokens the rounding of that order moves a log-softmax by 2e-5, which beam
/// scores sum up; an exact sum would not give the reference's scores.
/// </summary>
internal static class EightLaneSum
{
    /// <summary>The sum; 0 for no values.</summary>
    public static float Of(ReadOnlySpan<float> values)
    {
        ref var origin = ref MemoryMarshal.GetReference(values);
        var sums = Vector256<float>.Zero;
        var i = 0;
        for (; i + 8 <= values.Length; i += 8)
            sums += Vector256.LoadUnsafe(ref origin, (nuint)i);
        for (var lane = 0; i < values.Length; i++, lane++)
            sums = sums.WithElement(lane, sums[lane] + values[i]);
        var four = sums.GetLower() + sums.GetUpper();
        return four[0] + four[2] + (four[1] + four[3]);
    }
}
