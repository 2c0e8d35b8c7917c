using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Sightline.Kernels;

/// <summary>Rounds weights to a format and packs them; the result depends on nothing but the weights.</summary>
internal static unsafe class WeightPacker
{
    private const int Int4Most = 7;

    /// <summary>Packs a weight matrix as its layer needs it, with what rounding takes where <see cref="FormatPlan.KeepsRemainder"/> says so; the weight is [outFeatures, inFeatures] then.</summary>
    public static PackedWeights Pack(WeightFormat format, LinearRole role, ReadOnlySpan<float> weight, WeightLayout layout, int inFeatures, int outFeatures)
    {
        var packed = Pack(FormatPlan.Kind(format, role)!.Value, weight, layout, inFeatures, outFeatures, FormatPlan.HasGroups(role));
        if (!FormatPlan.KeepsRemainder(role))
            return packed;
        ArgumentOutOfRangeException.ThrowIfNotEqual(layout, WeightLayout.OutIn);
        return packed with { Remainder = WeightRemainder.Of(packed, weight) };
    }

    /// <summary>Packs a weight matrix.</summary>
    /// <param name="kind">The format.</param>
    /// <param name="weight">outFeatures × inFeatures values.</param>
    /// <param name="layout">Which way round they are.</param>
    /// <param name="inFeatures">Width of the input.</param>
    /// <param name="outFeatures">Width of the output.</param>
    /// <param name="grouped">Whether each <see cref="PackedWeights.Group"/> of a row gets a scale in <see cref="DotKind.Int4"/>; one scale a row otherwise.</param>
    public static PackedWeights Pack(DotKind kind, ReadOnlySpan<float> weight, WeightLayout layout, int inFeatures, int outFeatures, bool grouped = true)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(weight.Length, inFeatures * outFeatures);
        var buffer = AlignedMemory.Allocate(checked((int)PackedWeights.ByteCount(kind, inFeatures, outFeatures)));
        var groups = kind == DotKind.Int4 && grouped ? PackedWeights.GroupCount(inFeatures) : 1;
        var scales = new float[PackedWeights.ScaleCount(kind, outFeatures, groups)];
        var packed = new PackedWeights(kind, inFeatures, outFeatures, buffer, scales);
        fixed (float* source = weight)
        {
            var start = source;
            Parallel.For(0, packed.PanelCount, panel =>
            {
                var all = new ReadOnlySpan<float>(start, inFeatures * outFeatures);
                var first = panel * PanelDot.Width;
                var count = Math.Min(PanelDot.Width, outFeatures - first);
                var rented = layout == WeightLayout.InOut ? ArrayPool<float>.Shared.Rent(count * inFeatures) : null;
                if (rented is not null)
                    Transpose(all, outFeatures, first, count, inFeatures, rented);
                var outputs = rented is null ? all.Slice(first * inFeatures, count * inFeatures) : rented.AsSpan(0, count * inFeatures);
                var target = buffer.Span.Slice(panel * packed.PanelBytes, packed.PanelBytes);
                var size = scales.Length / packed.PanelCount;
                if (kind == DotKind.Int4)
                    PackInt4(outputs, inFeatures, packed.GroupSize, target, scales.AsSpan(panel * size, size));
                else
                    PackRows(kind, outputs, inFeatures, target, scales.AsSpan(panel * size, size));
                if (rented is not null)
                    ArrayPool<float>.Shared.Return(rented);
            });
        }

        return packed;
    }

    /// <summary>Reads the rounded weights of one output back, as floats.</summary>
    public static void CopyRow(PackedWeights weights, int output, Span<float> row)
    {
        var panel = weights.Panels.Span.Slice(output / PanelDot.Width * weights.PanelBytes, weights.PanelBytes);
        var lane = output % PanelDot.Width;
        switch (weights.Kind)
        {
            case DotKind.Int8:
                var scale = weights.Scales.Span[output];
                for (var i = 0; i < weights.InFeatures; i++)
                    row[i] = (panel[Place8(i, lane)] - 128) * scale;
                break;
            case DotKind.Int4:
                var size = weights.Scales.Length / weights.PanelCount;
                var scales = weights.Scales.Span.Slice(output / PanelDot.Width * size, size);
                for (var i = 0; i < weights.InFeatures; i++)
                    row[i] = (Nibble(panel, i, lane) - 8) * scales[(i / weights.GroupSize * PanelDot.Width) + lane];
                break;
            default:
                var numbers = MemoryMarshal.Cast<byte, ushort>(panel);
                for (var i = 0; i < weights.InFeatures; i++)
                    row[i] = BitConverter.Int32BitsToSingle(numbers[Place16(i, lane)] << 16);
                break;
        }
    }

    /// <summary>The nearest bf16 number, ties to even; NaN stays NaN.</summary>
    public static ushort ToBf16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)(bits >> 16 | 0x40) : (ushort)(bits + 0x7FFF + (bits >> 16 & 1) >> 16);
    }

    private static void Transpose(ReadOnlySpan<float> weight, int outFeatures, int first, int count, int inFeatures, Span<float> rows)
    {
        for (var i = 0; i < inFeatures; i++)
        {
            var source = weight.Slice((i * outFeatures) + first, count);
            for (var o = 0; o < count; o++)
                rows[(o * inFeatures) + i] = source[o];
        }
    }

    // int8 and bf16: a row is rounded as inputs are, then its steps go to the lane of their output.
    private static void PackRows(DotKind kind, ReadOnlySpan<float> outputs, int inFeatures, Span<byte> target, Span<float> scales)
    {
        var offset = kind == DotKind.Int8 ? 0x80808080 : 0; // whole numbers are stored plus 128
        var steps = target.Length / PanelDot.StepBytes;
        var rented = ArrayPool<byte>.Shared.Rent(4 * steps);
        var line = MemoryMarshal.Cast<byte, uint>(rented.AsSpan(0, 4 * steps));
        var panel = MemoryMarshal.Cast<byte, uint>(target);
        panel.Fill(offset);
        for (var o = 0; o < outputs.Length / inFeatures; o++)
        {
            var row = outputs.Slice(o * inFeatures, inFeatures);
            if (kind == DotKind.Int8)
                scales[o] = RowQuantizer.Quantize(row, MemoryMarshal.Cast<uint, sbyte>(line), []);
            else
                Bf16Rounding<Lanes256>.Round(row, MemoryMarshal.Cast<uint, ushort>(line));
            for (var step = 0; step < steps; step++)
                panel[(step * PanelDot.Width) + o] = line[step] ^ offset;
        }

        ArrayPool<byte>.Shared.Return(rented);
    }

    // The scale is that of the greatest value on the side of −8, so that all sixteen steps are used.
    private static void PackInt4(ReadOnlySpan<float> outputs, int inFeatures, int groupSize, Span<byte> target, Span<float> scales)
    {
        target.Fill(0x88);
        for (var o = 0; o < outputs.Length / inFeatures; o++)
        {
            for (var start = 0; start < inFeatures; start += groupSize)
            {
                var group = outputs.Slice((o * inFeatures) + start, Math.Min(groupSize, inFeatures - start));
                var scale = TensorPrimitives.MaxMagnitude(group) / -(Int4Most + 1);
                scales[(start / groupSize * PanelDot.Width) + o] = scale;
                var factor = Factor(1, scale);
                for (var i = 0; i < group.Length; i++)
                {
                    var value = 8 + Math.Clamp((int)MathF.Round(group[i] * factor), -(Int4Most + 1), Int4Most);
                    ref var place = ref target[PlaceNibble(start + i, o)];
                    place = (byte)(IsHigh(start + i) ? place & 0x0F | value << 4 : place & 0xF0 | value);
                }
            }
        }
    }

    private static float Factor(float numerator, float denominator)
    {
        var factor = numerator / denominator;
        return float.IsFinite(factor) ? factor : 0;
    }

    private static int Place8(int input, int lane) => (input / 4 * PanelDot.StepBytes) + (4 * lane) + (input % 4);

    private static int Place16(int input, int lane) => (input / 2 * PanelDot.StepBytes / 2) + (2 * lane) + (input % 2);

    private static int PlaceNibble(int input, int lane) => (input / 8 * PanelDot.StepBytes) + (4 * lane) + (input % 4);

    private static bool IsHigh(int input) => input % 8 >= 4;

    private static int Nibble(ReadOnlySpan<byte> panel, int input, int lane) => panel[PlaceNibble(input, lane)] >> (IsHigh(input) ? 4 : 0) & 15;
}
