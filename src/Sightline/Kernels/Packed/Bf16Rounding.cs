using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sightline.Kernels;

/// <summary>Rounds floats to bf16, to the nearest, ties to even.</summary>
internal static class Bf16Rounding
{
    /// <param name="values">Floats; a NaN may come out as another NaN or, from its last payload bits, as infinity: garbage stays garbage.</param>
    /// <param name="target">At least as long; the rest becomes zero.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Round(ReadOnlySpan<float> values, Span<ushort> target)
    {
        ref var source = ref MemoryMarshal.GetReference(values);
        ref var first = ref MemoryMarshal.GetReference(target);
        var (i, n) = (0, Vector<float>.Count);
        for (; i + (2 * n) <= values.Length; i += 2 * n)
        {
            var low = Round(Vector.LoadUnsafe(ref source, (nuint)i).As<float, uint>());
            var high = Round(Vector.LoadUnsafe(ref source, (nuint)(i + n)).As<float, uint>());
            Vector.Narrow(low, high).StoreUnsafe(ref first, (nuint)i);
        }

        for (; i < values.Length; i++)
            target[i] = WeightPacker.ToBf16(values[i]);
        target[values.Length..].Clear();
    }

    private static Vector<uint> Round(Vector<uint> bits) => (bits + new Vector<uint>(0x7FFF) + ((bits >>> 16) & Vector<uint>.One)) >>> 16;
}
