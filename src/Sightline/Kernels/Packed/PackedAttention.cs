using System.Buffers;
using System.Runtime.CompilerServices;

namespace Sightline.Kernels;

/// <summary>
/// Attention with bf16 products and fp32 sums and softmax. A head's keys and values lie as panels for <see cref="PanelDot"/>: the keys are the outputs of the
/// first product, a value's dimensions those of the second. Packed once where they are used again, else where they are used.
/// </summary>
internal sealed unsafe class PackedAttention<T>(PanelDot dot, WorkerPool pool) where T : struct, ILanes<T>
{
    private const int Width = PanelDot.Width;
    private const int QueryBlock = 48; // rows of scores that are in the cache at a time
    private const int PrefetchDistance = 4096;
    private const long MinimumParallelWork = 1 << 18;

    /// <summary>Bytes of one sequence's packed keys and values.</summary>
    public static int Size(in AttentionShape shape) => checked(shape.Heads * new Layout(shape).HeadBytes);

    /// <summary>Packs the keys and values of a batch, shape.KeyLength rows each.</summary>
    public void Pack(in AttentionShape shape, int batch, ReadOnlySpan<float> keys, ReadOnlySpan<float> values, Span<byte> packed)
    {
        fixed (float* k = keys, v = values)
        fixed (byte* target = packed)
        {
            var call = new Call { Shape = shape, Layout = new Layout(shape), Keys = k, Values = v, Packed = target };
            pool.For(batch * shape.Heads, &PackHead, this, &call);
        }
    }

    /// <summary>Attends to packed keys and values, shape.QueryLength rows for each sequence of the batch.</summary>
    public void Run(in AttentionShape shape, int batch, ReadOnlySpan<float> queries, ReadOnlySpan<byte> packed, Span<float> output, Span<float> probabilities)
    {
        fixed (float* q = queries, o = output, p = probabilities)
        fixed (byte* source = packed)
        {
            var call = new Call { Shape = shape, Layout = new Layout(shape), Queries = q, Packed = source, Output = o, Probabilities = p };
            Run(&call, batch);
        }
    }

    /// <summary>Attends to keys and values that are used this once.</summary>
    public void Run(in AttentionShape shape, ReadOnlySpan<float> queries, ReadOnlySpan<float> keys, ReadOnlySpan<float> values, Span<float> output, Span<float> probabilities)
    {
        fixed (float* q = queries, k = keys, v = values, o = output, p = probabilities)
        {
            var call = new Call { Shape = shape, Layout = new Layout(shape), Queries = q, Keys = k, Values = v, Output = o, Probabilities = p };
            Run(&call, 1);
        }
    }

    private void Run(Call* call, int batch)
    {
        ref var shape = ref call->Shape;
        var heads = batch * shape.Heads;
        if (2L * heads * shape.QueryLength * shape.KeyLength * shape.HeadDim >= MinimumParallelWork)
            pool.For(heads, &RunHead, this, call);
        else
            for (var head = 0; head < heads; head++)
                RunHead(this, call, head);
    }

    private static void PackHead(object self, void* arguments, int index)
    {
        var call = (Call*)arguments;
        var (sequence, head) = Math.DivRem(index, call->Shape.Heads);
        PackHead(*call, sequence, head, call->Packed + ((long)index * call->Layout.HeadBytes));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackHead(in Call call, int sequence, int head, byte* target)
    {
        var (shape, layout) = (call.Shape, call.Layout);
        var start = ((long)sequence * shape.KeyLength * shape.KeyStride) + shape.KeyOffset(head);
        var rounded = stackalloc uint[2 * Math.Max(layout.KeySteps, layout.DimPanels * Width)];
        for (var j = 0; j < layout.KeyPanels * Width; j++)
        {
            var column = (uint*)(target + ((long)(j / Width) * layout.KeySteps * PanelDot.StepBytes)) + (j % Width);
            var row = new Span<ushort>(rounded, 2 * layout.KeySteps);
            if (j < shape.KeyLength)
                Bf16Rounding.Round(new ReadOnlySpan<float>(call.Keys + start + ((long)j * shape.KeyStride), shape.HeadDim), row);
            else
                row.Clear();
            for (var s = 0; s < layout.KeySteps; s++)
                column[s * Width] = rounded[s];
        }

        target += layout.KeyPanels * layout.KeySteps * PanelDot.StepBytes;
        var even = (ushort*)rounded;
        var odd = even + (layout.DimPanels * Width);
        for (var s = 0; s < layout.ValueSteps; s++)
        {
            RoundValue(call, start, 2 * s, even);
            RoundValue(call, start, (2 * s) + 1, odd);
            for (var d = 0; d < layout.DimPanels * Width; d++)
                ((uint*)(target + ((((long)(d / Width) * layout.ValueSteps) + s) * PanelDot.StepBytes)))[d % Width] = even[d] | ((uint)odd[d] << 16);
        }
    }

    private static void RoundValue(in Call call, long start, int j, ushort* target)
    {
        var source = j < call.Shape.KeyLength ? new ReadOnlySpan<float>(call.Values + start + ((long)j * call.Shape.KeyStride), call.Shape.HeadDim) : [];
        Bf16Rounding.Round(source, new Span<ushort>(target, call.Layout.DimPanels * Width));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunHead(object self, void* arguments, int index)
    {
        ref var call = ref *(Call*)arguments;
        var attention = (PackedAttention<T>)self;
        ref var shape = ref call.Shape;
        ref var layout = ref call.Layout;
        var (sequence, head) = Math.DivRem(index, shape.Heads);
        var block = Math.Min(QueryBlock, shape.QueryLength);
        var (scoreStride, sumStride) = (layout.KeyPanels * Width, layout.DimPanels * Width);
        var own = call.Packed == null ? layout.HeadBytes : 0;
        var rowBytes = 4 * (layout.KeySteps + layout.ValueSteps + scoreStride + sumStride);
        var rented = ArrayPool<byte>.Shared.Rent(own + (block * rowBytes) + AlignedMemory.Alignment);
        fixed (byte* bytes = rented)
        {
            var buffer = (byte*)(((nint)bytes + AlignedMemory.Alignment - 1) & -AlignedMemory.Alignment);
            var keys = own > 0 ? buffer : call.Packed + ((long)index * layout.HeadBytes);
            if (own > 0)
                PackHead(call, sequence, head, keys);
            var values = keys + ((long)layout.KeyPanels * layout.KeySteps * PanelDot.StepBytes);
            var scores = (float*)(buffer + own);
            var sums = scores + (block * scoreStride);
            var roundedQueries = (byte*)(sums + (block * sumStride));
            var roundedScores = roundedQueries + (block * 4 * layout.KeySteps);
            for (var first = 0; first < shape.QueryLength; first += block)
            {
                var rows = Math.Min(block, shape.QueryLength - first);
                var row = ((long)sequence * shape.QueryLength) + first;
                var query = call.Queries + (row * shape.QueryStride) + (head * shape.HeadDim);
                for (var i = 0; i < rows; i++)
                    Bf16Rounding.Round(new ReadOnlySpan<float>(query + ((long)i * shape.QueryStride), shape.HeadDim), new Span<ushort>(roundedQueries + (i * 4 * layout.KeySteps), 2 * layout.KeySteps));
                attention.Multiply(roundedQueries, layout.KeySteps, rows, keys, layout.KeyPanels, scores);
                for (var i = 0; i < rows; i++)
                {
                    var weights = new Span<float>(scores + (i * scoreStride), shape.KeyLength);
                    AttentionKernels<T>.Softmax(weights, shape.KeyLength, shape.Scale, mask: null);
                    Bf16Rounding.Round(weights, new Span<ushort>(roundedScores + (i * 4 * layout.ValueSteps), 2 * layout.ValueSteps));
                    if (call.Probabilities != null)
                        weights.CopyTo(new Span<float>(call.Probabilities + (((long)index * shape.QueryLength + first + i) * shape.KeyLength), shape.KeyLength));
                }

                attention.Multiply(roundedScores, layout.ValueSteps, rows, values, layout.DimPanels, sums);
                for (var i = 0; i < rows; i++)
                {
                    new ReadOnlySpan<float>(sums + (i * sumStride), shape.HeadDim)
                        .CopyTo(new Span<float>(call.Output + ((row + i) * shape.OutputStride) + (head * shape.HeadDim), shape.HeadDim));
                }
            }
        }

        ArrayPool<byte>.Shared.Return(rented);
    }

    // target[i, panel · 64 + o] = x[i] · panels[panel, o]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply(byte* x, int steps, int rows, byte* panels, int panelCount, float* target)
    {
        const int Most = 8;
        var tile = stackalloc float[Most * Width];
        for (var panel = 0; panel < panelCount; panel++, panels += steps * PanelDot.StepBytes)
        {
            for (var done = 0; done < rows;)
            {
                var count = Math.Min(Math.Min(Most, dot.MaxRows), rows - done);
                var place = target + (((long)done * panelCount) + panel) * Width;
                dot.Multiply(x + ((long)done * 4 * steps), 4 * steps, count, panels, steps, count == 1 ? place : tile, panels + PrefetchDistance);
                for (var i = 0; i < count && count > 1; i++)
                    new ReadOnlySpan<float>(tile + (i * Width), Width).CopyTo(new Span<float>(place + ((long)i * panelCount * Width), Width));
                done += count;
            }
        }
    }

    private struct Call
    {
        public AttentionShape Shape;
        public Layout Layout;
        public float* Queries;
        public float* Keys;
        public float* Values;
        public byte* Packed;
        public float* Output;
        public float* Probabilities;
    }

    /// <summary>A head's keys [KeyPanels, KeySteps, 64, 2 dimensions], then its values [DimPanels, ValueSteps, 64, 2 keys].</summary>
    private readonly struct Layout(in AttentionShape shape)
    {
        public readonly int KeyPanels = (shape.KeyLength + Width - 1) / Width;
        public readonly int KeySteps = (shape.HeadDim + 1) / 2;
        public readonly int DimPanels = (shape.HeadDim + Width - 1) / Width;
        public readonly int ValueSteps = (shape.KeyLength + 1) / 2;

        public int HeadBytes => checked(((KeyPanels * KeySteps) + (DimPanels * ValueSteps)) * PanelDot.StepBytes);
    }
}
