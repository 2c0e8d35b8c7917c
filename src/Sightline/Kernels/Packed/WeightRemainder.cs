using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sightline.Kernels;

/// <summary>
/// What rounding left of a weight matrix, for the few outputs that are worth a second look: about eight more bits of each weight, row by row, so that
/// one output costs one short read. <see cref="RefinedLinear"/> uses it.
/// </summary>
/// <param name="InFeatures">Width of the input.</param>
/// <param name="Bytes">[outFeatures, inFeatures] signed bytes.</param>
/// <param name="Scales">[outFeatures].</param>
internal sealed unsafe record WeightRemainder(int InFeatures, ReadOnlyMemory<byte> Bytes, ReadOnlyMemory<float> Scales)
{
    private const int Most = 127;

    /// <summary>Takes what <paramref name="rounded"/> lacks of <paramref name="weight"/> [outFeatures, inFeatures].</summary>
    public static WeightRemainder Of(PackedWeights rounded, ReadOnlySpan<float> weight)
    {
        var width = rounded.InFeatures;
        var (bytes, scales) = (new byte[weight.Length], new float[rounded.OutFeatures]);
        fixed (float* source = weight)
        {
            var start = source;
            Parallel.For(0, scales.Length, () => new float[width], (o, _, rest) =>
            {
                WeightPacker.CopyRow(rounded, o, rest);
                TensorPrimitives.Subtract(new ReadOnlySpan<float>(start + ((long)o * width), width), rest, rest);
                scales[o] = RowQuantizer.Quantize(rest, MemoryMarshal.Cast<byte, sbyte>(bytes.AsSpan(o * width, width)), []);
                return rest;
            }, _ => { });
        }

        return new WeightRemainder(width, bytes, scales);
    }

    /// <summary>Adds the remainder of one output to its rounded weights, <paramref name="row"/> [inFeatures].</summary>
    public void AddTo(int output, Span<float> row)
    {
        var bytes = Row(output);
        var scale = Scales.Span[output];
        for (var i = 0; i < bytes.Length; i++)
            row[i] += bytes[i] * scale;
    }

    /// <summary>The remainder of one output times <paramref name="x"/> [inFeatures].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public float Dot(int output, ReadOnlySpan<float> x)
    {
        var bytes = Row(output);
        ref var first = ref MemoryMarshal.GetReference(bytes);
        ref var other = ref MemoryMarshal.GetReference(x[..bytes.Length]);
        var n = (nuint)Vector<float>.Count;
        var (sums, more) = (Vector<float>.Zero, Vector<float>.Zero);
        var i = 0;
        for (; i + Vector<sbyte>.Count <= bytes.Length; i += Vector<sbyte>.Count)
        {
            Vector.Widen(Vector.LoadUnsafe(ref first, (nuint)i), out var low, out var high);
            Vector.Widen(low, out var a, out var b);
            Vector.Widen(high, out var c, out var d);
            sums += Vector.ConvertToSingle(a) * Vector.LoadUnsafe(ref other, (nuint)i);
            more += Vector.ConvertToSingle(b) * Vector.LoadUnsafe(ref other, (nuint)i + n);
            sums += Vector.ConvertToSingle(c) * Vector.LoadUnsafe(ref other, (nuint)i + (2 * n));
            more += Vector.ConvertToSingle(d) * Vector.LoadUnsafe(ref other, (nuint)i + (3 * n));
        }

        var sum = Vector.Sum(sums + more);
        for (; i < bytes.Length; i++)
            sum += bytes[i] * x[i];
        return sum * Scales.Span[output];
    }

    private ReadOnlySpan<sbyte> Row(int output) => MemoryMarshal.Cast<byte, sbyte>(Bytes.Span.Slice(output * InFeatures, InFeatures));
}
