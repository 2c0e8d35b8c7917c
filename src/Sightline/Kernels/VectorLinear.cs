namespace Sightline.Kernels;

/// <summary>fp32 weights, [out, in] as the checkpoint's Linear layers have them, split over threads by output features.</summary>
internal sealed unsafe class VectorLinear<T>(float[] weight, float[]? bias, int inFeatures, int outFeatures, ParallelOptions parallel)
    : LinearLayer(inFeatures, outFeatures) where T : struct, ILanes<T>
{
    // Work below this many multiplications is not worth a second thread.
    private const long MinimumParallelWork = 1 << 18;

    public override long ByteCount => sizeof(float) * ((long)weight.Length + (bias?.Length ?? 0));

    public override void Forward(ReadOnlySpan<float> input, int rows, Span<float> output)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(input.Length, rows * InFeatures);
        ArgumentOutOfRangeException.ThrowIfLessThan(output.Length, rows * OutFeatures);
        fixed (float* x = input, w = weight, b = bias, y = output)
        {
            if (parallel.MaxDegreeOfParallelism == 1 || (long)rows * weight.Length < MinimumParallelWork)
            {
                MatrixKernels<T>.Dots(x, InFeatures, rows, w, InFeatures, OutFeatures, InFeatures, b, y, OutFeatures);
                return;
            }

            // Several blocks per thread even out disturbances; a block is a multiple of the tile.
            var block = Math.Max(4, (OutFeatures / (parallel.MaxDegreeOfParallelism * 4) + 3) / 4 * 4);
            var (px, pw, pb, py) = ((nint)x, (nint)w, (nint)b, (nint)y);
            Parallel.For(0, (OutFeatures + block - 1) / block, parallel, i =>
            {
                var start = i * block;
                var count = Math.Min(block, OutFeatures - start);
                MatrixKernels<T>.Dots((float*)px, InFeatures, rows, (float*)pw + (long)start * InFeatures, InFeatures, count, InFeatures,
                    pb == 0 ? null : (float*)pb + start, (float*)py + start, OutFeatures);
            });
        }
    }
}
