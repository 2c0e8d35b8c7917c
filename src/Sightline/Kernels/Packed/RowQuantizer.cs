using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sightline.Kernels;

/// <summary>
/// Turns a row of floats into whole numbers −127 … 127 and one scale, the greatest magnitude / 127, rounding to even. With a second digit, what the first
/// leaves over follows in steps of 1/254 of the scale: fifteen bits in all.
/// </summary>
internal static unsafe class RowQuantizer
{
    /// <summary>The greatest whole number.</summary>
    public const int Most = 127;

    /// <summary>Second digits to a first.</summary>
    public const float Base = 254;

    /// <summary>Quantises a row; zeros fill the digits up.</summary>
    /// <param name="row">The values. Where one is not finite, the scale is NaN, and so is every result.</param>
    /// <param name="first">First digits, at least as long as the row.</param>
    /// <param name="second">Second digits, as long; empty for none.</param>
    /// <returns>The scale; 0 for a row of zeros.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Quantize(ReadOnlySpan<float> row, Span<sbyte> first, Span<sbyte> second)
    {
        var most = GreatestMagnitude(row);
        var factor = Most / most;
        if (most == 0 || !float.IsFinite(most) || !float.IsFinite(factor))
        {
            first.Clear();
            second.Clear();
            return most == 0 || float.IsFinite(most) ? 0 : float.NaN;
        }

        first[row.Length..].Clear();
        var done = 0;
        if (second.IsEmpty)
        {
            done = Avx512F.IsSupported ? Digits512(row, factor, first) : Digits(row, factor, first);
            for (; done < row.Length; done++)
                first[done] = (sbyte)MathF.Round(row[done] * factor);
            return most / Most;
        }

        second[row.Length..].Clear();
        if (Avx512F.IsSupported)
            done = TwoDigits512(row, factor, first, second);
        for (; done < row.Length; done++)
        {
            var scaled = row[done] * factor;
            var digit = MathF.Round(scaled);
            first[done] = (sbyte)digit;
            second[done] = (sbyte)MathF.Round((scaled - digit) * Base);
        }

        return most / Most;
    }

    // As whole numbers, magnitudes have the order of the floats, infinity and NaN above all.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float GreatestMagnitude(ReadOnlySpan<float> row)
    {
        ref var source = ref Unsafe.As<float, int>(ref MemoryMarshal.GetReference(row));
        var (i, greatest) = (0, 0);
        if (Vector512.IsHardwareAccelerated)
        {
            var most = Vector512<int>.Zero;
            for (; i + Vector512<int>.Count <= row.Length; i += Vector512<int>.Count)
                most = Vector512.Max(most, Vector512.LoadUnsafe(ref source, (nuint)i) & Vector512.Create(int.MaxValue));
            greatest = GreatestOf(Vector256.Max(most.GetLower(), most.GetUpper()).AsVector());
        }
        else
        {
            var most = Vector<int>.Zero;
            for (; i + Vector<int>.Count <= row.Length; i += Vector<int>.Count)
                most = Vector.Max(most, Vector.LoadUnsafe(ref source, (nuint)i) & new Vector<int>(int.MaxValue));
            greatest = GreatestOf(most);
        }

        for (; i < row.Length; i++)
            greatest = Math.Max(greatest, Unsafe.Add(ref source, i) & int.MaxValue);
        return BitConverter.Int32BitsToSingle(greatest);
    }

    private static int GreatestOf(Vector<int> values)
    {
        var greatest = 0;
        for (var i = 0; i < Vector<int>.Count; i++)
            greatest = Math.Max(greatest, values[i]);
        return greatest;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Digits512(ReadOnlySpan<float> row, float factor, Span<sbyte> digits)
    {
        ref var source = ref MemoryMarshal.GetReference(row);
        ref var target = ref MemoryMarshal.GetReference(digits);
        var i = 0;
        for (; i + 16 <= row.Length; i += 16)
            Avx512F.ConvertToVector128SByte(Avx512F.ConvertToVector512Int32(Vector512.LoadUnsafe(ref source, (nuint)i) * factor)).StoreUnsafe(ref target, (nuint)i);
        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int TwoDigits512(ReadOnlySpan<float> row, float factor, Span<sbyte> first, Span<sbyte> second)
    {
        ref var source = ref MemoryMarshal.GetReference(row);
        ref var target = ref MemoryMarshal.GetReference(first);
        ref var rest = ref MemoryMarshal.GetReference(second);
        var i = 0;
        for (; i + 16 <= row.Length; i += 16)
        {
            var scaled = Vector512.LoadUnsafe(ref source, (nuint)i) * factor;
            var digit = Avx512F.ConvertToVector512Int32(scaled);
            Avx512F.ConvertToVector128SByte(digit).StoreUnsafe(ref target, (nuint)i);
            var left = (scaled - Vector512.ConvertToSingle(digit)) * Base;
            Avx512F.ConvertToVector128SByte(Avx512F.ConvertToVector512Int32(left)).StoreUnsafe(ref rest, (nuint)i);
        }

        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Digits(ReadOnlySpan<float> row, float factor, Span<sbyte> digits)
    {
        ref var source = ref MemoryMarshal.GetReference(row);
        ref var target = ref MemoryMarshal.GetReference(digits);
        var (i, n) = (0, Vector<float>.Count);
        for (; i + (4 * n) <= row.Length; i += 4 * n)
        {
            var low = Vector.Narrow(Digit(ref source, i, factor), Digit(ref source, i + n, factor));
            var high = Vector.Narrow(Digit(ref source, i + (2 * n), factor), Digit(ref source, i + (3 * n), factor));
            Vector.Narrow(low, high).StoreUnsafe(ref target, (nuint)i);
        }

        return i;
    }

    private static Vector<int> Digit(ref float source, int index, float factor) =>
        Vector.ConvertToInt32(Vector.Round(Vector.LoadUnsafe(ref source, (nuint)index) * factor));
}
