using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sightline.Kernels;

/// <summary>Layer norm of a row: (x − mean) / √(variance + ε) · γ + β, the variance from the differences, so that a large mean costs no digits.</summary>
internal static class VectorNorm<T> where T : struct, ILanes<T>
{
    private const int Sums = 4; // independent of each other, so that no addition waits for the one before

    /// <summary>Normalises a row.</summary>
    /// <param name="row">The values.</param>
    /// <param name="gamma">Factors, as many.</param>
    /// <param name="beta">Offsets, as many.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="output">The result, as long; may be the row itself.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply(ReadOnlySpan<float> row, ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta, double epsilon, Span<float> output)
    {
        ref var x = ref MemoryMarshal.GetReference(row);
        ref var g = ref MemoryMarshal.GetReference(gamma[..row.Length]);
        ref var b = ref MemoryMarshal.GetReference(beta[..row.Length]);
        ref var y = ref MemoryMarshal.GetReference(output[..row.Length]);
        var mean = Sum(ref x, row.Length) / row.Length;
        var factor = (float)(1 / Math.Sqrt((SumOfSquares(ref x, row.Length, mean) / row.Length) + epsilon));
        var (shift, scale) = (T.Broadcast(-mean), T.Broadcast(factor));
        var i = 0;
        for (; i + T.Count <= row.Length; i += T.Count)
        {
            var value = T.Multiply(T.Add(T.Load(ref x, (nuint)i), shift), scale);
            T.MultiplyAdd(value, T.Load(ref g, (nuint)i), T.Load(ref b, (nuint)i)).Store(ref y, (nuint)i);
        }

        for (; i < row.Length; i++)
            output[i] = MathF.FusedMultiplyAdd((row[i] - mean) * factor, gamma[i], beta[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Sum(ref float x, int length)
    {
        T a = T.Broadcast(0), b = a, c = a, d = a;
        var (i, n) = (0, T.Count);
        for (; i + (Sums * n) <= length; i += Sums * n)
        {
            a = T.Add(a, T.Load(ref x, (nuint)i));
            b = T.Add(b, T.Load(ref x, (nuint)(i + n)));
            c = T.Add(c, T.Load(ref x, (nuint)(i + (2 * n))));
            d = T.Add(d, T.Load(ref x, (nuint)(i + (3 * n))));
        }

        for (; i + n <= length; i += n)
            a = T.Add(a, T.Load(ref x, (nuint)i));
        var sum = T.Sum(T.Add(T.Add(a, b), T.Add(c, d)));
        for (; i < length; i++)
            sum += Unsafe.Add(ref x, i);
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float SumOfSquares(ref float x, int length, float mean)
    {
        T a = T.Broadcast(0), b = a, c = a, d = a;
        var shift = T.Broadcast(-mean);
        var (i, n) = (0, T.Count);
        for (; i + (Sums * n) <= length; i += Sums * n)
        {
            var (p, q) = (T.Add(T.Load(ref x, (nuint)i), shift), T.Add(T.Load(ref x, (nuint)(i + n)), shift));
            var (r, s) = (T.Add(T.Load(ref x, (nuint)(i + (2 * n))), shift), T.Add(T.Load(ref x, (nuint)(i + (3 * n))), shift));
            (a, b, c, d) = (T.MultiplyAdd(p, p, a), T.MultiplyAdd(q, q, b), T.MultiplyAdd(r, r, c), T.MultiplyAdd(s, s, d));
        }

        for (; i + n <= length; i += n)
        {
            var p = T.Add(T.Load(ref x, (nuint)i), shift);
            a = T.MultiplyAdd(p, p, a);
        }

        var sum = T.Sum(T.Add(T.Add(a, b), T.Add(c, d)));
        for (; i < length; i++)
        {
            var p = Unsafe.Add(ref x, i) - mean;
            sum += p * p;
        }

        return sum;
    }
}
