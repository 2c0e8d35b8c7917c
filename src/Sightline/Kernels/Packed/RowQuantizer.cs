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
    /// <param name="sums">[digits, groups] sums of the digits, for groups of the same length that make up the row; empty for none.</param>
    /// <returns>The scale; 0 for a row of zeros.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Quantize(ReadOnlySpan<float> row, Span<sbyte> first, Span<sbyte> second, Span<int> sums = default)
    {
        var most = GreatestMagnitude(row);
        var factor = Most / most;
        if (most == 0 || !float.IsFinite(most) || !float.IsFinite(factor))
        {
            first.Clear();
            second.Clear();
            sums.Clear();
            return most == 0 || float.IsFinite(most) ? 0 : float.NaN;
        }

        first[row.Length..].Clear();
        if (!second.IsEmpty)
            second[row.Length..].Clear();
        var groups = Math.Max(1, second.IsEmpty ? sums.Length : sums.Length / 2);
        var length = first.Length / groups;
        for (var group = 0; group < groups; group++)
        {
            var start = group * length;
            var part = row[Math.Min(start, row.Length)..Math.Min(start + length, row.Length)];
            var (sum, rest) = second.IsEmpty ? (Digits(part, factor, first[start..]), 0) : TwoDigits(part, factor, first[start..], second[start..]);
            if (sums.IsEmpty)
                continue;
            sums[group] = sum;
            if (!second.IsEmpty)
                sums[groups + group] = rest;
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

    // Returns the sum. It is made of the registers: bytes just stored by sixteens cannot be loaded by more at once without waiting.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Digits(ReadOnlySpan<float> row, float factor, Span<sbyte> digits)
    {
        ref var source = ref MemoryMarshal.GetReference(row);
        ref var target = ref MemoryMarshal.GetReference(digits);
        var (i, sum) = (0, 0);
        if (Avx512F.IsSupported)
        {
            var sums = Vector512<int>.Zero;
            for (; i + 16 <= row.Length; i += 16)
            {
                var digit = Avx512F.ConvertToVector512Int32(Vector512.LoadUnsafe(ref source, (nuint)i) * factor);
                Avx512F.ConvertToVector128SByte(digit).StoreUnsafe(ref target, (nuint)i);
                sums += digit;
            }

            sum = Vector512.Sum(sums);
        }
        else
        {
            var n = Vector<float>.Count;
            var sums = Vector<int>.Zero;
            for (; i + (4 * n) <= row.Length; i += 4 * n)
            {
                var (a, b) = (Digit(ref source, i, factor), Digit(ref source, i + n, factor));
                var (c, d) = (Digit(ref source, i + (2 * n), factor), Digit(ref source, i + (3 * n), factor));
                Vector.Narrow(Vector.Narrow(a, b), Vector.Narrow(c, d)).StoreUnsafe(ref target, (nuint)i);
                sums += a + b + (c + d);
            }

            sum = Vector.Sum(sums);
        }

        for (; i < row.Length; i++)
            sum += digits[i] = (sbyte)MathF.Round(row[i] * factor);
        return sum;
    }

    // Returns both digits' sums.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (int First, int Second) TwoDigits(ReadOnlySpan<float> row, float factor, Span<sbyte> first, Span<sbyte> second)
    {
        ref var source = ref MemoryMarshal.GetReference(row);
        ref var target = ref MemoryMarshal.GetReference(first);
        ref var rest = ref MemoryMarshal.GetReference(second);
        var (i, sum, restSum) = (0, 0, 0);
        if (Avx512F.IsSupported)
        {
            var (sums, restSums) = (Vector512<int>.Zero, Vector512<int>.Zero);
            for (; i + 16 <= row.Length; i += 16)
            {
                var scaled = Vector512.LoadUnsafe(ref source, (nuint)i) * factor;
                var digit = Avx512F.ConvertToVector512Int32(scaled);
                Avx512F.ConvertToVector128SByte(digit).StoreUnsafe(ref target, (nuint)i);
                var left = Avx512F.ConvertToVector512Int32((scaled - Vector512.ConvertToSingle(digit)) * Base);
                Avx512F.ConvertToVector128SByte(left).StoreUnsafe(ref rest, (nuint)i);
                sums += digit;
                restSums += left;
            }

            (sum, restSum) = (Vector512.Sum(sums), Vector512.Sum(restSums));
        }

        for (; i < row.Length; i++)
        {
            var scaled = row[i] * factor;
            var digit = MathF.Round(scaled);
            sum += first[i] = (sbyte)digit;
            restSum += second[i] = (sbyte)MathF.Round((scaled - digit) * Base);
        }

        return (sum, restSum);
    }

    private static Vector<int> Digit(ref float source, int index, float factor) =>
        Vector.ConvertToInt32(Vector.Round(Vector.LoadUnsafe(ref source, (nuint)index) * factor));
}
