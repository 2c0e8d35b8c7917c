using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Sightline.Checkpoints;

/// <summary>
/// Conversion between float types as PyTorch's <c>Tensor.to</c> does it: round to nearest, ties to even; what is too large becomes infinite.
/// Doubles go through 32 bits, as there.
/// </summary>
internal static class FloatConversion
{
    private const ushort BFloat16NaN = 0x7FC0; // c10::detail::round_to_nearest_even gives every NaN this one

    /// <summary>True for the types that are converted; whole numbers and booleans keep theirs.</summary>
    public static bool IsFloat(TensorDType dtype) => dtype is TensorDType.F64 or TensorDType.F32 or TensorDType.F16 or TensorDType.BF16;

    /// <summary>Converts elements.</summary>
    /// <param name="source">Elements of type <paramref name="from"/>.</param>
    /// <param name="from">A float type.</param>
    /// <param name="to">F32, F16 or BF16.</param>
    public static byte[] Convert(ReadOnlySpan<byte> source, TensorDType from, TensorDType to)
    {
        ReadOnlySpan<float> singles;
        if (from == TensorDType.F32)
        {
            singles = MemoryMarshal.Cast<byte, float>(source);
        }
        else
        {
            var widened = new float[source.Length / from.Size()];
            ToSingles(source, from, widened);
            singles = widened;
        }

        if (to == TensorDType.F32)
            return MemoryMarshal.AsBytes(singles).ToArray();
        var result = new byte[singles.Length * to.Size()];
        if (to == TensorDType.F16)
            TensorPrimitives.ConvertToHalf(singles, MemoryMarshal.Cast<byte, Half>(result.AsSpan()));
        else if (to == TensorDType.BF16)
            Round(singles, MemoryMarshal.Cast<byte, ushort>(result.AsSpan()));
        else
            throw new ArgumentOutOfRangeException(nameof(to), to, "F32, F16 or BF16 was expected.");
        return result;
    }

    /// <summary>Gives the elements as 32-bit floats: half precision and bf16 exactly, doubles rounded.</summary>
    public static void ToSingles(ReadOnlySpan<byte> source, TensorDType from, Span<float> values)
    {
        switch (from)
        {
            case TensorDType.F32:
                MemoryMarshal.Cast<byte, float>(source).CopyTo(values);
                break;
            case TensorDType.F16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(source), values);
                break;
            case TensorDType.BF16:
                var words = MemoryMarshal.Cast<byte, ushort>(source);
                for (var i = 0; i < values.Length; i++)
                    values[i] = BitConverter.UInt32BitsToSingle((uint)words[i] << 16);
                break;
            case TensorDType.F64:
                TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, double>(source), values);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(from), from, "a float type was expected.");
        }
    }

    private static void Round(ReadOnlySpan<float> source, Span<ushort> target)
    {
        for (var i = 0; i < source.Length; i++)
        {
            var bits = BitConverter.SingleToUInt32Bits(source[i]);
            target[i] = float.IsNaN(source[i]) ? BFloat16NaN : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
        }
    }
}
