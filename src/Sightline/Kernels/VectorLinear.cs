using System.Numerics.Tensors;

namespace Sightline.Kernels;

/// <summary>fp32 weights in panels, split over threads by output features.</summary>
internal sealed unsafe class VectorLinear<T>(PackedPanels panels, float[]? bias, int inFeatures, int outFeatures, ParallelOptions parallel)
    : LinearLayer(inFeatures, outFeatures) where T : struct, ILanes<T>
{
    // Work below this many multiplications is not worth a second thread.
    private const long MinimumParallelWork = 1 << 18;

    public override long ByteCount => panels.ByteCount + (sizeof(float) * (bias?.Length ?? 0));

    public override void CopyWeightRow(int output, Span<float> row) => panels.CopyRow(output, row[..InFeatures]);

    public override void Forward(ReadOnlySpan<float> input, int rows, Span<float> output)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(input.Length, rows * InFeatures);
        ArgumentOutOfRangeException.ThrowIfLessThan(output.Length, rows * OutFeatures);
        fixed (float* x = input, y = output)
        {
            if (parallel.MaxDegreeOfParallelism == 1 || (long)rows * InFeatures * OutFeatures < MinimumParallelWork)
            {
                Run(0, panels.Count, (nint)x, rows, (nint)y);
                return;
            }

            // Several blocks per thread even out disturbances.
            var block = Math.Max(1, panels.Count / (parallel.MaxDegreeOfParallelism * 4));
            var (px, py) = ((nint)x, (nint)y);
            Parallel.For(0, (panels.Count + block - 1) / block, parallel, i => Run(i * block, Math.Min(panels.Count, (i + 1) * block), px, rows, py));
        }
    }

    private void Run(int first, int end, nint input, int rows, nint output)
    {
        var x = (float*)input;
        var y = (float*)output;
        var width = panels.Width;
        fixed (float* values = panels.Values)
        {
            for (var panel = first; panel < end; panel++)
            {
                var start = panel * width;
                var count = Math.Min(width, OutFeatures - start);
                if (count == width)
                    PanelKernels<T>.Multiply(x, rows, InFeatures, values + panels.Start(panel), y + start, OutFeatures);
                else
                    RunLast(x, rows, values + panels.Start(panel), y + start, count);
                for (var row = 0; bias is not null && row < rows; row++)
                {
                    var target = new Span<float>(y + (long)row * OutFeatures + start, count);
                    TensorPrimitives.Add(target, bias.AsSpan(start, count), target);
                }
            }
        }
    }

    // The last panel may be wider than what is left of the output: it is computed aside, some rows at a time.
    private void RunLast(float* x, int rows, float* panel, float* y, int count)
    {
        const int Rows = 12;
        var width = panels.Width;
        var aside = stackalloc float[Rows * width];
        for (var row = 0; row < rows; row += Rows)
        {
            var m = Math.Min(Rows, rows - row);
            PanelKernels<T>.Multiply(x + (long)row * InFeatures, m, InFeatures, panel, aside, width);
            for (var i = 0; i < m; i++)
                new ReadOnlySpan<float>(aside + i * width, count).CopyTo(new Span<float>(y + (long)(row + i) * OutFeatures, count));
        }
    }
}
