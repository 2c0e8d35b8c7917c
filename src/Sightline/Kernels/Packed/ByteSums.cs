using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sightline.Kernels;

/// <summary>Sums of quantised rows.</summary>
internal static unsafe class ByteSums
{
    /// <summary>Adds 128 · Σx to a row's sums, which were made with weights of −127 … 127 instead of 1 … 255.</summary>
    public static void AddOffset(byte* x, nint xStride, int rows, int length, int* sums)
    {
        for (var r = 0; r < rows; r++)
        {
            var target = new Span<int>(sums + (r * PanelDot.Width), PanelDot.Width);
            TensorPrimitives.Add(target, 128 * Of(new ReadOnlySpan<sbyte>(x + (r * xStride), length)), target);
        }
    }

    /// <summary>Σx.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Of(ReadOnlySpan<sbyte> values)
    {
        ref var origin = ref MemoryMarshal.GetReference(values);
        var (i, sum) = (0, 0);
        if (Avx2.IsSupported)
        {
            // Differences from 0 of the bytes plus 128, summed up by eights.
            var sums = Vector256<long>.Zero;
            for (; i + Vector256<sbyte>.Count <= values.Length; i += Vector256<sbyte>.Count)
            {
                var bytes = Vector256.LoadUnsafe(ref origin, (nuint)i).AsByte() ^ Vector256.Create((byte)128);
                sums += Avx2.SumAbsoluteDifferences(bytes, Vector256<byte>.Zero).AsInt64();
            }

            sum = (int)Vector256.Sum(sums) - (128 * i);
        }
        else
        {
            var sums = Vector<int>.Zero;
            for (; i + Vector<sbyte>.Count <= values.Length; i += Vector<sbyte>.Count)
            {
                Vector.Widen(Vector.LoadUnsafe(ref origin, (nuint)i), out var low, out var high);
                Vector.Widen(low + high, out var a, out var b);
                sums += a + b;
            }

            sum = Vector.Sum(sums);
        }

        for (; i < values.Length; i++)
            sum += values[i];
        return sum;
    }
}
