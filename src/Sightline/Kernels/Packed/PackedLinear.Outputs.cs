using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Sightline.Kernels;

/// <summary>From a tile of sums to outputs: scales, bias, activation and residual, while the tile is in the first-level cache.</summary>
internal sealed unsafe partial class PackedLinear<T>
{
    // From sums to outputs, straight to where they belong where no activation comes between.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Finish(Call* call, int panel, int row, int rows, float* tile)
    {
        var start = panel * Width;
        var count = Math.Min(Width, OutFeatures - start);
        var direct = call->Activation == Activation.Identity && count == Width;
        var target = direct ? call->Y + ((long)row * OutFeatures) + start : tile;
        var stride = direct ? OutFeatures : Width;
        if (_groups > 1 || weights.Kind == DotKind.Bf16)
            Combine(call, panel, row, rows, tile, target, stride, direct && call->Accumulate);
        else
            Scale(call, panel, row, rows, tile, target, stride, direct && call->Accumulate);
        if (direct)
            return;
        VectorActivations<T>.Apply(call->Activation, new Span<float>(tile, rows * Width));
        for (var i = 0; i < rows; i++)
        {
            var values = new ReadOnlySpan<float>(tile + (i * Width), count);
            var output = new Span<float>(call->Y + ((long)(row + i) * OutFeatures) + start, count);
            if (call->Accumulate)
                TensorPrimitives.Add(output, values, output);
            else
                values.CopyTo(output);
        }
    }

    // Whole numbers, a line for each digit. Where the target is the tile itself, a line is written after those that it covers were read.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scale(Call* call, int panel, int row, int rows, float* tile, float* target, long stride, bool accumulate)
    {
        var rowScales = call->RowScales + row;
        var rowSums = call->RowSums + ((long)row * digits);
        ref var scales = ref Unsafe.AsRef<float>(call->Scales + (panel * Width));
        ref var bias = ref Unsafe.AsRef<float>(call->Bias + (panel * Width));
        var (lines, zero) = (digits, _zero);
        var second = T.Broadcast(1 / RowQuantizer.Base);
        for (nuint o = 0; o < Width; o += (nuint)T.Count)
        {
            var (scale, offset) = (T.Load(ref scales, o), T.Load(ref bias, o));
            for (var i = 0; i < rows; i++)
            {
                ref var sums = ref Unsafe.AsRef<int>(tile + (i * lines * Width));
                var value = T.Convert(ref sums, o, -zero * rowSums[i * lines]);
                if (lines == 2)
                    value = T.Add(value, T.Multiply(T.Convert(ref sums, o + Width, -zero * rowSums[(i * lines) + 1]), second));
                value = T.Add(T.Multiply(value, T.Multiply(T.Broadcast(rowScales[i]), scale)), offset);
                ref var output = ref Unsafe.AsRef<float>(target + (i * stride));
                if (accumulate)
                    value = T.Add(T.Load(ref output, o), value);
                value.Store(ref output, o);
            }
        }
    }

    // Floats: of groups one line for a row, of bf16 one for each digit.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Combine(Call* call, int panel, int row, int rows, float* tile, float* target, long stride, bool accumulate)
    {
        ref var bias = ref Unsafe.AsRef<float>(call->Bias + (panel * Width));
        var grouped = _groups > 1;
        var lines = grouped ? 1 : digits;
        for (nuint o = 0; o < Width; o += (nuint)T.Count)
        {
            var offset = T.Load(ref bias, o);
            for (var i = 0; i < rows; i++)
            {
                ref var sums = ref Unsafe.AsRef<float>(tile + (i * lines * Width));
                var value = T.Load(ref sums, o);
                if (lines == 2)
                    value = T.Add(value, T.Load(ref sums, o + Width));
                if (grouped)
                    value = T.Multiply(value, T.Broadcast(call->RowScales[row + i]));
                value = T.Add(value, offset);
                ref var output = ref Unsafe.AsRef<float>(target + (i * stride));
                if (accumulate)
                    value = T.Add(T.Load(ref output, o), value);
                value.Store(ref output, o);
            }
        }
    }
}
