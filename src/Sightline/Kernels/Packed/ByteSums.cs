using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

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
    public static int Of(ReadOnlySpan<sbyte> values)
    {
        ref var origin = ref MemoryMarshal.GetReference(values);
        var sums = Vector<int>.Zero;
        var i = 0;
        for (; i + Vector<sbyte>.Count <= values.Length; i += Vector<sbyte>.Count)
        {
            Vector.Widen(Vector.LoadUnsafe(ref origin, (nuint)i), out var low, out var high);
            Vector.Widen(low + high, out var a, out var b);
            sums += a + b;
        }

        var sum = Vector.Sum(sums);
        for (; i < values.Length; i++)
            sum += values[i];
        return sum;
    }
}
