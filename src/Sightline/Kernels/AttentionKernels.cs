using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sightline.Kernels;

/// <summary>
/// Attention head by head. Few queries read keys and values where they lie; many queries have them packed into panels first, so that both products
/// run as fast as a linear layer.
/// </summary>
internal static unsafe class AttentionKernels<T> where T : struct, ILanes<T>
{
    private const long MinimumParallelWork = 1 << 15;
    private const int FewQueries = 8; // up to so many, each has the bits that it has alone: guesses count on it (DraftTable.Limit)
    private const int QueryBlock = 48; // rows of scores that are in the cache at a time

    public static void Run(in AttentionShape shape, ReadOnlySpan<float> queries, ReadOnlySpan<float> keys, ReadOnlySpan<float> values,
        ReadOnlySpan<int> keyOffsets, ReadOnlySpan<byte> keyMask, Span<float> output, Span<float> probabilities, WorkerPool pool)
    {
        var rented = keyOffsets.IsEmpty ? ArrayPool<int>.Shared.Rent(shape.Batch * shape.KeyLength) : null;
        for (var j = 0; rented is not null && j < shape.Batch * shape.KeyLength; j++)
            rented[j] = j * shape.KeyStride;
        fixed (float* q = queries, k = keys, v = values, o = output, p = probabilities)
        fixed (int* places = rented is null ? keyOffsets : rented)
        fixed (byte* mask = keyMask)
        {
            var call = new Call { Shape = shape, Queries = q, Keys = k, Values = v, Places = places, Mask = mask, Output = o, Probabilities = p };
            var heads = shape.Batch * shape.Heads;
            var work = 2L * heads * shape.QueryLength * shape.KeyLength * shape.HeadDim;
            if (work >= MinimumParallelWork)
                pool.For(heads, &RunHead, pool, &call);
            else
                for (var head = 0; head < heads; head++)
                    RunHead(pool, &call, head);
        }

        if (rented is not null)
            ArrayPool<int>.Shared.Return(rented);
    }

    private static void RunHead(object self, void* arguments, int index)
    {
        var call = *(Call*)arguments;
        ref var shape = ref call.Shape;
        var (sequence, head) = Math.DivRem(index, shape.Heads);
        call.Queries += (long)sequence * shape.QueryLength * shape.QueryStride;
        call.Output += (long)sequence * shape.QueryLength * shape.OutputStride;
        call.Places += (long)sequence * shape.KeyLength;
        call.Mask = call.Mask == null ? null : call.Mask + ((long)sequence * shape.KeyLength);
        call.Probabilities = call.Probabilities == null ? null : call.Probabilities + ((long)sequence * shape.Heads * shape.QueryLength * shape.KeyLength);
        if (shape.QueryLength <= FewQueries)
            Few(call, head);
        else
            Many(call, head);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Few(in Call call, int head)
    {
        var shape = call.Shape;
        var (offset, keyOffset) = (head * shape.HeadDim, shape.KeyOffset(head));
        var length = shape.QueryLength * shape.KeyLength;
        var rented = call.Probabilities == null ? ArrayPool<float>.Shared.Rent(length) : null;
        fixed (float* own = rented)
        {
            var scores = rented is null ? call.Probabilities + ((long)head * length) : own;
            MatrixKernels<T>.Dots(call.Queries + offset, shape.QueryStride, shape.QueryLength, call.Keys + keyOffset, call.Places, shape.KeyLength, shape.HeadDim,
                scores, shape.KeyLength);
            for (var i = 0; i < shape.QueryLength; i++)
                Softmax(new Span<float>(scores + ((long)i * shape.KeyLength), shape.KeyLength), shape.VisibleKeys(i), shape.Scale, call.Mask);
            MatrixKernels<T>.WeightedSums(scores, shape.KeyLength, shape.QueryLength, call.Values + keyOffset, call.Places, shape.KeyLength, shape.HeadDim,
                call.Output + offset, shape.OutputStride);
        }

        if (rented is not null)
            ArrayPool<float>.Shared.Return(rented);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Many(in Call call, int head)
    {
        var shape = call.Shape;
        var width = PanelKernels<T>.Width;
        var (offset, keyLength, dim) = (head * shape.HeadDim, shape.KeyLength, shape.HeadDim);
        var (keyPanels, dimPanels) = ((keyLength + width - 1) / width, (dim + width - 1) / width);
        var (scoreStride, sumStride) = (keyPanels * width, dimPanels * width);
        var rented = ArrayPool<float>.Shared.Rent((scoreStride * dim) + (sumStride * keyLength) + (QueryBlock * (scoreStride + sumStride)));
        fixed (float* buffer = rented)
        {
            var keys = buffer; // [keyPanels, dim, width]
            var values = keys + (scoreStride * dim); // [dimPanels, keyLength, width]
            var scores = values + (sumStride * keyLength);
            var sums = scores + (QueryBlock * scoreStride);
            PackKeys(call, shape.KeyOffset(head), keys, width);
            PackValues(call, shape.KeyOffset(head), values, width);
            for (var first = 0; first < shape.QueryLength; first += QueryBlock)
            {
                var rows = Math.Min(QueryBlock, shape.QueryLength - first);
                for (var panel = 0; panel < keyPanels; panel++)
                {
                    PanelKernels<T>.Multiply(call.Queries + ((long)first * shape.QueryStride) + offset, shape.QueryStride, rows, dim,
                        keys + (panel * width * dim), scores + (panel * width), scoreStride);
                }

                for (var i = 0; i < rows; i++)
                {
                    var row = new Span<float>(scores + (i * scoreStride), keyLength);
                    Softmax(row, shape.VisibleKeys(first + i), shape.Scale, call.Mask);
                    if (call.Probabilities != null)
                        row.CopyTo(new Span<float>(call.Probabilities + (((long)head * shape.QueryLength + first + i) * keyLength), keyLength));
                }

                for (var panel = 0; panel < dimPanels; panel++)
                    PanelKernels<T>.Multiply(scores, scoreStride, rows, keyLength, values + (panel * width * keyLength), sums + (panel * width), sumStride);
                for (var i = 0; i < rows; i++)
                    new ReadOnlySpan<float>(sums + (i * sumStride), dim).CopyTo(new Span<float>(call.Output + ((long)(first + i) * shape.OutputStride) + offset, dim));
            }
        }

        ArrayPool<float>.Shared.Return(rented);
    }

    // Columns beyond the last key are never read; they must only be numbers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackKeys(in Call call, int offset, float* target, int width)
    {
        var (length, dim) = (call.Shape.KeyLength, call.Shape.HeadDim);
        for (var j = 0; j < (length + width - 1) / width * width; j++)
        {
            var column = target + ((long)(j / width) * width * dim) + (j % width);
            var key = j < length ? call.Keys + call.Places[j] + offset : null;
            for (var d = 0; d < dim; d++)
                column[d * width] = key == null ? 0 : key[d];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackValues(in Call call, int offset, float* target, int width)
    {
        var (length, dim) = (call.Shape.KeyLength, call.Shape.HeadDim);
        for (var j = 0; j < length; j++)
        {
            var source = call.Values + call.Places[j] + offset;
            for (var d = 0; d < dim; d += width)
            {
                var row = new Span<float>(target + ((long)(d / width) * width * length) + (j * width), width);
                var count = Math.Min(width, dim - d);
                new ReadOnlySpan<float>(source + d, count).CopyTo(row);
                row[count..].Clear();
            }
        }
    }

    // softmax(row · scale) over the visible keys; keys that the mask hides get the least float, as the reference's do.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Softmax(Span<float> row, int visible, float scale, byte* mask)
    {
        row[visible..].Clear();
        row = row[..visible];
        for (var j = 0; mask != null && j < row.Length; j++)
        {
            if (mask[j] == 0)
                row[j] = float.MinValue;
        }

        ref var scores = ref MemoryMarshal.GetReference(row);
        var n = (nuint)T.Count;
        var whole = (nuint)row.Length / n * n;
        var rest = row[(int)whole..];
        var greatest = T.Broadcast(float.NegativeInfinity);
        for (nuint i = 0; i < whole; i += n)
            greatest = T.Max(greatest, T.Load(ref scores, i));
        var most = rest.IsEmpty ? float.NegativeInfinity : TensorPrimitives.Max<float>(rest);
        most = MathF.Max(most, T.Greatest(greatest)) * scale;

        // The last register is filled up with scores that count nothing.
        Span<float> padded = stackalloc float[T.Count];
        padded.Fill(float.NegativeInfinity);
        rest.CopyTo(padded);
        ref var last = ref MemoryMarshal.GetReference(padded);
        var (factor, shift) = (T.Broadcast(scale), T.Broadcast(-most));
        var tail = rest.IsEmpty ? T.Broadcast(0) : Exponential<T>.Of(T.Add(T.Multiply(T.Load(ref last, 0), factor), shift));
        var sum = tail;
        for (nuint i = 0; i < whole; i += n)
        {
            var value = Exponential<T>.Of(T.Add(T.Multiply(T.Load(ref scores, i), factor), shift));
            sum = T.Add(sum, value);
            value.Store(ref scores, i);
        }

        var share = T.Broadcast(1 / T.Sum(sum));
        for (nuint i = 0; i < whole; i += n)
            T.Multiply(T.Load(ref scores, i), share).Store(ref scores, i);
        T.Multiply(tail, share).Store(ref last, 0);
        padded[..rest.Length].CopyTo(rest);
    }

    private struct Call
    {
        public AttentionShape Shape;
        public float* Queries;
        public float* Keys;
        public float* Values;
        public int* Places;
        public byte* Mask;
        public float* Output;
        public float* Probabilities;
    }
}
