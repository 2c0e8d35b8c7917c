using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sightline.Kernels;

/// <summary>e^x on registers of floats, within 2 units in the last place; 0 below −88 and at most e^88.37.</summary>
/// <remarks>
/// x = n ln 2 + r with |r| ≤ ½ ln 2; e^r by the polynomial of Moshier's Cephes library (expf), ln 2 in two parts so that r is exact.
/// System.Numerics.Tensors computes in doubles, which takes four times as long.
/// </remarks>
internal static class Exponential<T> where T : struct, ILanes<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of(T x)
    {
        x = T.Min(T.Broadcast(88.37f), T.Max(T.Broadcast(-88f), x));
        var n = T.Round(T.Multiply(x, T.Broadcast(1.44269504f)));
        var r = T.MultiplyAdd(n, T.Broadcast(-0.693359375f), x);
        r = T.MultiplyAdd(n, T.Broadcast(2.12194440e-4f), r);
        var sum = T.MultiplyAdd(T.Broadcast(1.9875691500e-4f), r, T.Broadcast(1.3981999507e-3f));
        sum = T.MultiplyAdd(sum, r, T.Broadcast(8.3334519073e-3f));
        sum = T.MultiplyAdd(sum, r, T.Broadcast(4.1665795894e-2f));
        sum = T.MultiplyAdd(sum, r, T.Broadcast(1.6666665459e-1f));
        sum = T.MultiplyAdd(sum, r, T.Broadcast(5.0000001201e-1f));
        sum = T.MultiplyAdd(sum, T.Multiply(r, r), T.Add(r, T.Broadcast(1)));
        return T.Scale(sum, n);
    }

    /// <summary>2^x within 4e-6 of it, for weights that are rounded to bf16 afterwards; x at most 0; 0 below −126.5.</summary>
    /// <remarks>2^x = 2ⁿ 2^r with |r| ≤ ½; 2^r by its Chebyshev series of degree 4.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T PowerOfTwo(T x)
    {
        x = T.Max(T.Broadcast(-127), x);
        var n = T.Round(x);
        var r = T.MultiplyAdd(n, T.Broadcast(-1), x);
        var sum = T.MultiplyAdd(T.Broadcast(0.00967603736f), r, T.Broadcast(0.0559220351f));
        sum = T.MultiplyAdd(sum, r, T.Broadcast(0.240221068f));
        sum = T.MultiplyAdd(sum, r, T.Broadcast(0.693121016f));
        sum = T.MultiplyAdd(sum, r, T.Broadcast(1));
        return T.Scale(sum, n);
    }

    /// <summary>target[i] = e^(values[i] − shift).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Of(ReadOnlySpan<float> values, float shift, Span<float> target)
    {
        ref var source = ref MemoryMarshal.GetReference(values);
        ref var first = ref MemoryMarshal.GetReference(target[..values.Length]);
        var whole = values.Length / T.Count * T.Count;
        for (nuint i = 0; i < (nuint)whole; i += (nuint)T.Count)
            Of(T.Add(T.Load(ref source, i), T.Broadcast(-shift))).Store(ref first, i);
        if (whole == values.Length)
            return;
        Span<float> padded = stackalloc float[T.Count];
        ref var rest = ref MemoryMarshal.GetReference(padded);
        values[whole..].CopyTo(padded);
        Of(T.Add(T.Load(ref rest, 0), T.Broadcast(-shift))).Store(ref rest, 0);
        padded[..(values.Length - whole)].CopyTo(target[whole..]);
    }
}
