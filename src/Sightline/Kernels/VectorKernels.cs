using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.Intrinsics;

namespace Sightline.Kernels;

/// <summary>fp32 kernels on the processor's vectors; <see cref="Create"/> picks the widest kind it has.</summary>
internal abstract class VectorKernels : KernelSet
{
    /// <summary>The widest kernels this processor runs in hardware.</summary>
    public static new KernelSet Create(int threads) => Available(threads)[0];

    /// <summary>Every kind that this processor can run, best first; the last runs anywhere.</summary>
    public static IReadOnlyList<KernelSet> Available(int threads)
    {
        var sets = new List<KernelSet>();
        if (Vector512.IsHardwareAccelerated)
            sets.Add(new VectorKernels<Lanes512>(threads));
        if (Vector256.IsHardwareAccelerated)
            sets.Add(new VectorKernels<Lanes256>(threads));
        sets.Add(new VectorKernels<Lanes128>(threads));
        return sets;
    }
}

/// <summary>The kernels for one vector width.</summary>
internal sealed unsafe class VectorKernels<T>(int threads) : VectorKernels where T : struct, ILanes<T>
{
    private const long MinimumParallelWork = 1 << 18;
    private readonly ParallelOptions _parallel = new() { MaxDegreeOfParallelism = threads > 0 ? threads : Environment.ProcessorCount };

    public override string Name => T.Name;

    public override LinearLayer Linear(ReadOnlySpan<float> weight, WeightLayout layout, float[]? bias, int inFeatures, int outFeatures) =>
        new VectorLinear<T>(new PackedPanels(weight, layout, inFeatures, outFeatures, PanelKernels<T>.Width), bias, inFeatures, outFeatures, _parallel);

    public override void LayerNorm(ReadOnlySpan<float> input, ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta, double epsilon, Span<float> output)
    {
        var width = gamma.Length;
        for (var start = 0; start < input.Length; start += width)
        {
            var row = output.Slice(start, width);
            TensorPrimitives.Subtract(input.Slice(start, width), TensorPrimitives.Sum(input.Slice(start, width)) / width, row);
            var factor = (float)(1 / Math.Sqrt((TensorPrimitives.SumOfSquares<float>(row) / width) + epsilon));
            TensorPrimitives.Multiply(row, factor, row);
            TensorPrimitives.MultiplyAdd(row, gamma, beta, row);
        }
    }

    public override void Activate(Activation function, Span<float> values)
    {
        if (values.Length < 1 << 15 || _parallel.MaxDegreeOfParallelism == 1)
        {
            VectorActivations.Apply(function, values);
            return;
        }

        fixed (float* start = values)
        {
            const int Block = 1 << 13;
            var (origin, length) = ((nint)start, values.Length);
            Parallel.For(0, (length + Block - 1) / Block, _parallel, i =>
                VectorActivations.Apply(function, new Span<float>((float*)origin + (long)i * Block, Math.Min(Block, length - i * Block))));
        }
    }

    public override void Add(Span<float> values, ReadOnlySpan<float> addend) => TensorPrimitives.Add(values, addend, values);

    public override void Attention(in AttentionShape shape, ReadOnlySpan<float> queries, ReadOnlySpan<float> keys, ReadOnlySpan<float> values,
        ReadOnlySpan<byte> keyMask, Span<float> output, Span<float> probabilities)
    {
        fixed (float* q = queries, k = keys, v = values, o = output, p = probabilities)
        fixed (byte* mask = keyMask)
        {
            var work = 2L * shape.Heads * shape.QueryLength * shape.KeyLength * shape.HeadDim;
            if (work < MinimumParallelWork || _parallel.MaxDegreeOfParallelism == 1)
            {
                for (var head = 0; head < shape.Heads; head++)
                    AttendHead(shape, head, q, k, v, mask, o, p);
                return;
            }

            var local = shape;
            var (pq, pk, pv, pm, po, pp) = ((nint)q, (nint)k, (nint)v, (nint)mask, (nint)o, (nint)p);
            Parallel.For(0, shape.Heads, _parallel, head =>
                AttendHead(local, head, (float*)pq, (float*)pk, (float*)pv, (byte*)pm, (float*)po, (float*)pp));
        }
    }

    private static void AttendHead(in AttentionShape shape, int head, float* queries, float* keys, float* values, byte* mask, float* output, float* probabilities)
    {
        var offset = head * shape.HeadDim;
        var length = shape.QueryLength * shape.KeyLength;
        var rented = probabilities == null ? ArrayPool<float>.Shared.Rent(length) : null;
        try
        {
            fixed (float* own = rented)
            {
                var scores = rented is null ? probabilities + (long)head * length : own;
                MatrixKernels<T>.Dots(queries + offset, shape.QueryStride, shape.QueryLength, keys + offset, shape.KeyStride, shape.KeyLength,
                    shape.HeadDim, null, scores, shape.KeyLength);
                for (var i = 0; i < shape.QueryLength; i++)
                {
                    var row = new Span<float>(scores + (long)i * shape.KeyLength, shape.KeyLength);
                    var visible = shape.VisibleKeys(i);
                    row[visible..].Clear();
                    Softmax(row[..visible], shape.Scale, mask);
                }

                MatrixKernels<T>.WeightedSums(scores, shape.KeyLength, shape.QueryLength, values + offset, shape.KeyStride, shape.KeyLength,
                    shape.HeadDim, output + offset, shape.OutputStride);
            }
        }
        finally
        {
            if (rented is not null)
                ArrayPool<float>.Shared.Return(rented);
        }
    }

    private static void Softmax(Span<float> row, float scale, byte* mask)
    {
        TensorPrimitives.Multiply(row, scale, row);
        for (var j = 0; mask != null && j < row.Length; j++)
        {
            if (mask[j] == 0)
                row[j] = float.MinValue;
        }

        TensorPrimitives.Subtract(row, TensorPrimitives.Max<float>(row), row);
        TensorPrimitives.Exp<float>(row, row);
        TensorPrimitives.Multiply(row, 1 / TensorPrimitives.Sum<float>(row), row);
    }
}
