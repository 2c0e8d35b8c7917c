using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sightline.Kernels;

/// <summary>Rounds floats to bf16, to the nearest, ties to even.</summary>
internal static class Bf16Rounding
{
    /// <param name="values">Floats; a NaN may come out as another NaN or, from its last payload bits, as infinity: garbage stays garbage.</param>
    /// <param name="target">At least as long; the rest becomes zero.</param>
    /// <param name="second">As long, receives what rounding took, rounded likewise; empty for none.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Round(ReadOnlySpan<float> values, Span<ushort> target, Span<ushort> second = default)
    {
        ref var source = ref MemoryMarshal.GetReference(values);
        ref var first = ref MemoryMarshal.GetReference(target);
        ref var rest = ref MemoryMarshal.GetReference(second);
        var (i, n) = (0, Vector<float>.Count);
        for (; i + (2 * n) <= values.Length; i += 2 * n)
        {
            var (low, high) = (Vector.LoadUnsafe(ref source, (nuint)i), Vector.LoadUnsafe(ref source, (nuint)(i + n)));
            var (a, b) = (Round(low), Round(high));
            Vector.Narrow(a >>> 16, b >>> 16).StoreUnsafe(ref first, (nuint)i);
            if (!second.IsEmpty)
                Vector.Narrow(Round(low - a.As<uint, float>()) >>> 16, Round(high - b.As<uint, float>()) >>> 16).StoreUnsafe(ref rest, (nuint)i);
        }

        for (; i < values.Length; i++)
        {
            target[i] = WeightPacker.ToBf16(values[i]);
            if (!second.IsEmpty)
                second[i] = WeightPacker.ToBf16(values[i] - BitConverter.Int32BitsToSingle(target[i] << 16));
        }

        target[values.Length..].Clear();
        if (!second.IsEmpty)
            second[values.Length..].Clear();
    }

    /// <summary>Rounds two rows and lays them side by side, number by number.</summary>
    /// <param name="first">Goes into the lower halves.</param>
    /// <param name="second">As long, goes into the upper halves; empty for zeros.</param>
    /// <param name="target">At least as long; the rest becomes zero.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pair(ReadOnlySpan<float> first, ReadOnlySpan<float> second, Span<uint> target)
    {
        ref var low = ref MemoryMarshal.GetReference(first);
        ref var high = ref MemoryMarshal.GetReference(second);
        ref var pairs = ref MemoryMarshal.GetReference(target);
        var i = 0;
        for (; i + Vector<float>.Count <= first.Length; i += Vector<float>.Count)
        {
            var upper = second.IsEmpty ? Vector<uint>.Zero : Round(Vector.LoadUnsafe(ref high, (nuint)i));
            (Round(Vector.LoadUnsafe(ref low, (nuint)i)) >>> 16 | upper).StoreUnsafe(ref pairs, (nuint)i);
        }

        for (; i < first.Length; i++)
            target[i] = WeightPacker.ToBf16(first[i]) | (second.IsEmpty ? 0 : (uint)WeightPacker.ToBf16(second[i]) << 16);
        target[first.Length..].Clear();
    }

    private static Vector<uint> Round(Vector<float> values)
    {
        var bits = values.As<float, uint>();
        return (bits + new Vector<uint>(0x7FFF) + ((bits >>> 16) & Vector<uint>.One)) & new Vector<uint>(0xFFFF0000);
    }
}
