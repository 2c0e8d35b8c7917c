using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Sightline.Kernels;

/// <summary>
/// The layer of the logits on rounded weights: of every row, the greatest outputs are corrected by what rounding took from their weights
/// (<see cref="WeightRemainder"/>). All weights are read once in their short form, the rest of a few dozen once more, and which token is the best is
/// decided on nearly exact numbers.
/// </summary>
/// <param name="rounded">The layer on the rounded weights.</param>
/// <param name="remainder">What they lack.</param>
/// <param name="pool">Threads.</param>
internal sealed unsafe class RefinedLinear(LinearLayer rounded, WeightRemainder remainder, WorkerPool pool) : LinearLayer(rounded.InFeatures, rounded.OutFeatures)
{
    /// <summary>So many outputs are corrected at least.</summary>
    public const int Candidates = 64;

    private const int Blocks = 4 * Candidates;

    public override void ReadAhead() => rounded.ReadAhead();

    public override long ByteCount => rounded.ByteCount + remainder.Bytes.Length + (sizeof(float) * (long)remainder.Scales.Length);

    public override void CopyWeightRow(int output, Span<float> row)
    {
        rounded.CopyWeightRow(output, row);
        remainder.AddTo(output, row);
    }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">There is an activation, or the result is to be added: logits need neither.</exception>
    public override void Forward(ReadOnlySpan<float> input, int rows, Span<float> output, Activation activation = Activation.Identity, bool accumulate = false)
    {
        if (activation != Activation.Identity || accumulate)
            throw new NotSupportedException("Refined outputs are neither activated nor added up.");
        rounded.Forward(input, rows, output);
        fixed (float* x = input, y = output)
        {
            var call = new Call { X = x, Y = y };
            Next?.ReadAhead();
            pool.For(rows, &RefineRow, this, &call);
        }
    }

    private static void RefineRow(object self, void* arguments, int row)
    {
        var layer = (RefinedLinear)self;
        var call = (Call*)arguments;
        layer.Refine(new ReadOnlySpan<float>(call->X + ((long)row * layer.InFeatures), layer.InFeatures), new Span<float>(call->Y + ((long)row * layer.OutFeatures), layer.OutFeatures));
    }

    // The 64th greatest of the blocks' maxima is reached by 64 outputs at least, and seldom by many more.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Refine(ReadOnlySpan<float> x, Span<float> y)
    {
        var length = Math.Max(1, y.Length / Blocks);
        var count = (y.Length + length - 1) / length;
        var maxima = ArrayPool<float>.Shared.Rent(2 * count);
        for (var block = 0; block < count; block++)
            maxima[block] = maxima[count + block] = TensorPrimitives.Max(Block(y, block, length));
        var sorted = maxima.AsSpan(count, count);
        sorted.Sort();
        var least = sorted[Math.Max(0, count - Candidates)];
        for (var block = 0; block < count; block++)
        {
            if (!(maxima[block] >= least))
                continue;
            for (var o = block * length; o < Math.Min(y.Length, (block + 1) * length); o++)
            {
                if (y[o] >= least)
                    y[o] += remainder.Dot(o, x);
            }
        }

        ArrayPool<float>.Shared.Return(maxima);
    }

    private static ReadOnlySpan<float> Block(ReadOnlySpan<float> values, int block, int length) =>
        values.Slice(block * length, Math.Min(length, values.Length - (block * length)));

    private struct Call
    {
        public float* X;
        public float* Y;
    }
}
