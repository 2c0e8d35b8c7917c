using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sightline.Kernels;

/// <summary>Rounds floats to bf16, to the nearest, ties to even.</summary>
internal static class Bf16Rounding<T> where T : struct, ILanes<T>
{
    /// <param name="values">Floats; a NaN may come out as another NaN or, from its last payload bits, as infinity: garbage stays garbage.</param>
    /// <param name="target">At least as long; the rest becomes zero.</param>
    /// <param name="second">As long, receives what rounding took, rounded likewise; empty for none.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Round(ReadOnlySpan<float> values, Span<ushort> target, Span<ushort> second = default)
    {
        ref var source = ref MemoryMarshal.GetReference(values);
        ref var first = ref MemoryMarshal.GetReference(target[..values.Length]);
        ref var rest = ref MemoryMarshal.GetReference(second);
        var i = 0;
        for (; i + T.Count <= values.Length; i += T.Count)
        {
            var value = T.Load(ref source, (nuint)i);
            var rounded = T.ToBf16(value);
            rounded.StoreUpper16(ref first, (nuint)i);
            if (!second.IsEmpty)
                T.ToBf16(T.MultiplyAdd(rounded, T.Broadcast(-1), value)).StoreUpper16(ref rest, (nuint)i);
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
        ref var pairs = ref Unsafe.As<uint, float>(ref MemoryMarshal.GetReference(target[..first.Length]));
        var i = 0;
        for (; i + T.Count <= first.Length; i += T.Count)
        {
            var upper = second.IsEmpty ? T.Broadcast(0) : T.ToBf16(T.Load(ref high, (nuint)i));
            T.PairBf16(T.ToBf16(T.Load(ref low, (nuint)i)), upper).Store(ref pairs, (nuint)i);
        }

        for (; i < first.Length; i++)
            target[i] = WeightPacker.ToBf16(first[i]) | (second.IsEmpty ? 0 : (uint)WeightPacker.ToBf16(second[i]) << 16);
        target[first.Length..].Clear();
    }
}
