using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Sightline.Kernels;

/// <summary>From a tile of sums to outputs: bias, activation and residual, while the tile is in the first-level cache.</summary>
internal static unsafe class TileOutputs<T> where T : struct, ILanes<T>
{
    /// <summary>target[i, o] (+)= Σ of a row's lines · scale of the row + bias. Where the target is the tile itself, a line is written after those that it covers were read.</summary>
    /// <param name="tile">[rows, lines, width].</param>
    /// <param name="width">Outputs of the tile, whole registers.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="lines">Lines of a row, 1 or 2.</param>
    /// <param name="rowScales">[rows], or null.</param>
    /// <param name="bias">[width].</param>
    /// <param name="target">[rows, width] with rows <paramref name="stride"/> apart.</param>
    /// <param name="stride">Floats from row to row.</param>
    /// <param name="accumulate">Whether to add to what the target holds.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddBias(float* tile, int width, int rows, int lines, float* rowScales, float* bias, float* target, long stride, bool accumulate)
    {
        for (nuint o = 0; o < (nuint)width; o += (nuint)T.Count)
        {
            var offset = T.Load(ref Unsafe.AsRef<float>(bias), o);
            for (var i = 0; i < rows; i++)
            {
                ref var sums = ref Unsafe.AsRef<float>(tile + (i * lines * width));
                var value = T.Load(ref sums, o);
                if (lines == 2)
                    value = T.Add(value, T.Load(ref sums, o + (nuint)width));
                if (rowScales != null)
                    value = T.Multiply(value, T.Broadcast(rowScales[i]));
                value = T.Add(value, offset);
                ref var output = ref Unsafe.AsRef<float>(target + (i * stride));
                if (accumulate)
                    value = T.Add(T.Load(ref output, o), value);
                value.Store(ref output, o);
            }
        }
    }

    /// <summary>Activates the first <paramref name="count"/> outputs of every row and brings them, or adds them, to where they belong.</summary>
    /// <param name="tile">[rows, width], changed.</param>
    /// <param name="width">Outputs of the tile.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="activation">The function.</param>
    /// <param name="count">Outputs that there are: fewer than the width in a last panel.</param>
    /// <param name="target">[rows, count] with rows <paramref name="stride"/> apart.</param>
    /// <param name="stride">Floats from row to row.</param>
    /// <param name="accumulate">Whether to add to what the target holds.</param>
    public static void Activate(float* tile, int width, int rows, Activation activation, int count, float* target, long stride, bool accumulate)
    {
        if (count == width && !accumulate)
        {
            VectorActivations<T>.Apply(activation, tile, width, rows, target, stride);
            return;
        }

        VectorActivations<T>.Apply(activation, tile, rows * width, 1, tile, rows * width);
        for (var i = 0; i < rows; i++)
        {
            var values = new ReadOnlySpan<float>(tile + (i * width), count);
            var output = new Span<float>(target + (i * stride), count);
            if (accumulate)
                TensorPrimitives.Add(output, values, output);
            else
                values.CopyTo(output);
        }
    }
}
