using System.Buffers;
using System.Runtime.CompilerServices;

namespace Sightline.Kernels;

/// <summary>
/// Attention with bf16 products and fp32 sums and softmax. A head's keys and values lie as panels for <see cref="PanelDot"/>: the keys are the outputs of the
/// first product, a value's dimensions those of the second.
/// </summary>
internal sealed unsafe class PackedAttention<T>(PanelDot dot, WorkerPool pool) where T : struct, ILanes<T>
{
    private const int Width = PanelDot.Width;
    private const int QueryBlock = 52; // rows of scores that are in the cache at a time; a quarter of a picture's 197
    private const int PrefetchDistance = 4096;
    private const long MinimumParallelWork = 1 << 18;

    /// <summary>Bytes of a batch's packed keys and values.</summary>
    public static int Size(in AttentionShape shape) => checked(shape.Batch * shape.Heads * new Layout(shape).HeadBytes);

    /// <summary>Packs keys and values.</summary>
    public void Pack(in AttentionShape shape, ReadOnlySpan<float> keys, ReadOnlySpan<float> values, Span<byte> packed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(packed.Length, Size(shape));
        fixed (float* k = keys, v = values)
        fixed (byte* target = packed)
        {
            var call = new Call { Shape = shape, Layout = new Layout(shape), Keys = k, Values = v, Packed = target };
            pool.For(shape.Batch * call.Layout.KeyPanels * shape.Heads, &PackBlock, this, &call);
        }
    }

    /// <summary>Attends to packed keys and values.</summary>
    public void Run(in AttentionShape shape, ReadOnlySpan<float> queries, ReadOnlySpan<byte> packed, Span<float> output, Span<float> probabilities)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(packed.Length, Size(shape));
        fixed (float* q = queries, o = output, p = probabilities)
        fixed (byte* source = packed)
        {
            var call = new Call { Shape = shape, Layout = new Layout(shape), Queries = q, Packed = source, Output = o, Probabilities = p };
            var blocks = (shape.QueryLength + QueryBlock - 1) / QueryBlock;
            call.QueryBlocks = shape.QueryLength <= QueryBlock ? 1 : (blocks + pool.Threads - 1) / pool.Threads * pool.Threads;
            blocks = shape.Batch * call.QueryBlocks * shape.Heads;
            if (2L * shape.Batch * shape.Heads * shape.QueryLength * shape.KeyLength * shape.HeadDim >= MinimumParallelWork)
                pool.For(blocks, &RunBlock, this, &call);
            else
                for (var block = 0; block < blocks; block++)
                    RunBlock(this, &call, block);
        }
    }

    /// <summary>Attends to keys and values that are used this once.</summary>
    public void Run(in AttentionShape shape, ReadOnlySpan<float> queries, ReadOnlySpan<float> keys, ReadOnlySpan<float> values, Span<float> output, Span<float> probabilities)
    {
        var packed = ArrayPool<byte>.Shared.Rent(Size(shape));
        Pack(shape, keys, values, packed);
        Run(shape, queries, packed, output, probabilities);
        ArrayPool<byte>.Shared.Return(packed);
    }

    // A panel's keys of one head and their values. The first positions of all heads come first, as threads have them at hand.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackBlock(object self, void* arguments, int index)
    {
        ref var call = ref *(Call*)arguments;
        ref var shape = ref call.Shape;
        ref var layout = ref call.Layout;
        var (place, head) = Math.DivRem(index, shape.Heads);
        var (sequence, panel) = Math.DivRem(place, layout.KeyPanels);
        var target = call.Packed + ((((long)sequence * shape.Heads) + head) * layout.HeadBytes);
        var start = ((long)sequence * shape.KeyLength * shape.KeyStride) + shape.KeyOffset(head);
        var rounded = stackalloc uint[layout.DimPanels * Width];
        var row = new Span<ushort>(rounded, 2 * layout.KeySteps);
        for (var i = 0; i < Width; i++)
        {
            var j = (panel * Width) + i;
            var column = (uint*)(target + ((long)panel * layout.KeySteps * PanelDot.StepBytes)) + i;
            if (j < shape.KeyLength)
                Bf16Rounding<T>.Round(new ReadOnlySpan<float>(call.Keys + start + ((long)j * shape.KeyStride), shape.HeadDim), row);
            else
                row.Clear();
            for (var s = 0; s < layout.KeySteps; s++)
                column[s * Width] = rounded[s];
        }

        target += (long)layout.KeyPanels * layout.KeySteps * PanelDot.StepBytes;
        for (var s = panel * Width / 2; s < Math.Min((panel + 1) * Width / 2, layout.ValueSteps); s++)
        {
            var even = call.Values + start + ((long)2 * s * shape.KeyStride);
            var odd = (2 * s) + 1 < shape.KeyLength ? even + shape.KeyStride : null;
            for (var part = 0; part < layout.DimPanels; part++)
            {
                var line = new Span<uint>(target + ((((long)part * layout.ValueSteps) + s) * PanelDot.StepBytes), Width);
                var count = Math.Min(Width, shape.HeadDim - (part * Width));
                Bf16Rounding<T>.Pair(new ReadOnlySpan<float>(even + (part * Width), count), odd == null ? [] : new ReadOnlySpan<float>(odd + (part * Width), count), line);
            }
        }
    }

    // Some queries of one head; the first queries of all heads come first.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunBlock(object self, void* arguments, int index)
    {
        ref var call = ref *(Call*)arguments;
        var attention = (PackedAttention<T>)self;
        ref var shape = ref call.Shape;
        ref var layout = ref call.Layout;
        var (place, head) = Math.DivRem(index, shape.Heads);
        var (sequence, block) = Math.DivRem(place, call.QueryBlocks);
        var first = (int)((long)block * shape.QueryLength / call.QueryBlocks);
        var rows = (int)((long)(block + 1) * shape.QueryLength / call.QueryBlocks) - first;
        var (scoreStride, sumStride) = (layout.KeyPanels * Width, layout.DimPanels * Width);
        var rented = ArrayPool<byte>.Shared.Rent((rows * ((4 * (layout.KeySteps + scoreStride + sumStride)) + (2 * scoreStride))) + AlignedMemory.Alignment);
        fixed (byte* bytes = rented)
        {
            var scores = (float*)(((nint)bytes + AlignedMemory.Alignment - 1) & -AlignedMemory.Alignment);
            var sums = scores + (rows * scoreStride);
            var roundedQueries = (byte*)(sums + (rows * sumStride));
            var roundedScores = roundedQueries + (rows * 4 * layout.KeySteps); // as far apart as scores
            var keys = call.Packed + ((((long)sequence * shape.Heads) + head) * layout.HeadBytes);
            var values = keys + ((long)layout.KeyPanels * layout.KeySteps * PanelDot.StepBytes);
            var row = ((long)sequence * shape.QueryLength) + first;
            for (var i = 0; i < rows; i++)
            {
                Bf16Rounding<T>.Round(new ReadOnlySpan<float>(call.Queries + ((row + i) * shape.QueryStride) + (head * shape.HeadDim), shape.HeadDim),
                    new Span<ushort>(roundedQueries + (i * 4 * layout.KeySteps), 2 * layout.KeySteps));
            }

            attention.Multiply(roundedQueries, 4 * layout.KeySteps, layout.KeySteps, rows, keys, layout.KeyPanels, scores);
            var shares = stackalloc float[rows];
            Soften(scores, rows, shape.KeyLength, shape.Scale, (ushort*)roundedScores, shares);
            for (var i = 0; i < rows && call.Probabilities != null; i++)
                Gather(scores + (i * Width), rows * Width, shares[i], call.Probabilities + ((((((long)sequence * shape.Heads) + head) * shape.QueryLength) + first + i) * shape.KeyLength), shape.KeyLength);
            attention.Multiply(roundedScores, 2 * layout.KeyPanels * Width, layout.ValueSteps, rows, values, layout.DimPanels, sums);
            for (var i = 0; i < rows; i++)
                Gather(sums + (i * Width), rows * Width, shares[i], call.Output + ((row + i) * shape.OutputStride) + (head * shape.HeadDim), shape.HeadDim);
        }

        ArrayPool<byte>.Shared.Return(rented);
    }

    // e^(scale · (score − the row's greatest)) in place and rounded to bf16; shares: 1 / their sums, by which the weighted sums are multiplied in the end.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Soften(float* scores, int rows, int count, float scale, ushort* rounded, float* shares)
    {
        var panelStride = rows * Width;
        var panels = (count + Width - 1) / Width;
        var end = scores + ((long)panels * panelStride);
        for (var line = end - panelStride; line < end && count % Width != 0; line += Width)
        {
            for (var o = count % Width; o < Width; o++)
                line[o] = float.NegativeInfinity;
        }

        for (var i = 0; i < rows; i++)
        {
            var greatest = T.Broadcast(float.NegativeInfinity);
            for (var part = scores + (i * Width); part < end; part += panelStride)
            {
                for (nuint o = 0; o < Width; o += (nuint)T.Count)
                    greatest = T.Max(greatest, T.Load(ref Unsafe.AsRef<float>(part), o));
            }

            shares[i] = T.Greatest(greatest);
        }

        scale *= 1.44269504f; // powers of two
        var factor = T.Broadcast(scale);
        for (var i = 0; i < rows; i++)
        {
            var shift = T.Broadcast(-scale * shares[i]);
            var sum = T.Broadcast(0);
            for (var part = scores + (i * Width); part < end; part += panelStride, rounded += Width)
            {
                ref var values = ref Unsafe.AsRef<float>(part);
                for (nuint o = 0; o < Width; o += (nuint)T.Count)
                {
                    var value = Exponential<T>.PowerOfTwo(T.MultiplyAdd(T.Load(ref values, o), factor, shift));
                    sum = T.Add(sum, value);
                    value.Store(ref values, o);
                    T.ToBf16(value).StoreUpper16(ref Unsafe.AsRef<ushort>(rounded), o);
                }
            }

            shares[i] = 1 / T.Sum(sum);
        }
    }

    // A row times a factor, from its parts in the panels.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gather(float* line, int panelStride, float factor, float* target, int count)
    {
        var factors = T.Broadcast(factor);
        for (var start = 0; start < count; start += Width, line += panelStride, target += Width)
        {
            var (o, end) = (0, Math.Min(Width, count - start));
            for (; o + T.Count <= end; o += T.Count)
                T.Multiply(T.Load(ref Unsafe.AsRef<float>(line), (nuint)o), factors).Store(ref Unsafe.AsRef<float>(target), (nuint)o);
            for (; o < end; o++)
                target[o] = line[o] * factor;
        }
    }

    // target[panel, i, o] = x[i] · panels[panel, o]
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply(byte* x, int stride, int steps, int rows, byte* panels, int panelCount, float* target)
    {
        var perTile = PanelDot.Alike(rows, dot.MaxRows);
        var bytes = perTile == rows ? PanelDot.StepBytes : PanelDot.StepBytes / 2;
        for (var panel = 0; panel < panelCount; panel++, panels += steps * PanelDot.StepBytes)
        {
            for (var done = 0; done < rows; done += perTile)
            {
                var count = Math.Min(perTile, rows - done);
                dot.Multiply(x + ((long)done * stride), stride, count, panels, steps, target, panels + PrefetchDistance, bytes);
                target += count * Width;
            }
        }
    }

    private struct Call
    {
        public AttentionShape Shape;
        public Layout Layout;
        public int QueryBlocks;
        public float* Queries;
        public float* Keys;
        public float* Values;
        public byte* Packed;
        public float* Output;
        public float* Probabilities;
    }

    /// <summary>A head's keys [KeyPanels, KeySteps, 32, 2 dimensions], then its values [DimPanels, ValueSteps, 32, 2 keys].</summary>
    private readonly struct Layout(in AttentionShape shape)
    {
        public readonly int KeyPanels = (shape.KeyLength + Width - 1) / Width;
        public readonly int KeySteps = (shape.HeadDim + 1) / 2;
        public readonly int DimPanels = (shape.HeadDim + Width - 1) / Width;
        public readonly int ValueSteps = (shape.KeyLength + 1) / 2;

        public int HeadBytes => checked(((KeyPanels * KeySteps) + (DimPanels * ValueSteps)) * PanelDot.StepBytes);
    }
}
