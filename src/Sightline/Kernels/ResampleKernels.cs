using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sightline.Kernels;

/// <summary>
/// The two passes of Pillow's 8-bit resampling, plain and vectorised. Sums of 32-bit integers do not depend on their order, so both give the
/// same bits. Weights are fixed point with <see cref="PrecisionBits"/> fraction bits: <c>weights[output, taps]</c>, zero beyond the count.
/// </summary>
internal static class ResampleKernels
{
    private const int PrecisionBits = 32 - 8 - 2;
    private const int Half = 1 << (PrecisionBits - 1);

    // Pixels of a step along a row, in 3 vectors of 8 bytes widened to 32 bits; lane i of vector v belongs to channel (8 v + i) % 3.
    private const int Step = 8;

    /// <summary>Whether the vectorised passes are worth calling here.</summary>
    public static bool IsVectorized => Vector128.IsHardwareAccelerated;

    /// <summary>Resizes rows: the plain judge.</summary>
    /// <param name="source">[rows, sourceWidth, 3].</param>
    /// <param name="sourceWidth">Pixels per source row.</param>
    /// <param name="target">[rows, targetWidth, 3]; must not overlap the source.</param>
    /// <param name="targetWidth">Pixels per target row.</param>
    /// <param name="starts">[targetWidth] first source pixel.</param>
    /// <param name="counts">[targetWidth] number of source pixels.</param>
    /// <param name="weights">[targetWidth, taps].</param>
    public static void HorizontalPlain(
        ReadOnlySpan<byte> source, int sourceWidth, Span<byte> target, int targetWidth, ReadOnlySpan<int> starts, ReadOnlySpan<int> counts, ReadOnlySpan<int> weights)
    {
        var taps = weights.Length / targetWidth;
        for (int row = 0, to = 0; to < target.Length; row++)
        {
            var line = source.Slice(row * sourceWidth * 3, sourceWidth * 3);
            for (var x = 0; x < targetWidth; x++, to += 3)
            {
                int red = Half, green = Half, blue = Half;
                for (var t = 0; t < counts[x]; t++)
                {
                    var weight = weights[(x * taps) + t];
                    var pixel = line.Slice((starts[x] + t) * 3, 3);
                    red += pixel[0] * weight;
                    green += pixel[1] * weight;
                    blue += pixel[2] * weight;
                }

                (target[to], target[to + 1], target[to + 2]) = (ToByte(red), ToByte(green), ToByte(blue));
            }
        }
    }

    /// <summary>Resizes columns: the plain judge.</summary>
    /// <param name="source">[source rows, rowBytes].</param>
    /// <param name="rowBytes">Bytes per row, source and target.</param>
    /// <param name="target">[target rows, rowBytes]; must not overlap the source.</param>
    /// <param name="starts">[target rows] first source row.</param>
    /// <param name="counts">[target rows] number of source rows.</param>
    /// <param name="weights">[target rows, taps].</param>
    public static void VerticalPlain(
        ReadOnlySpan<byte> source, int rowBytes, Span<byte> target, ReadOnlySpan<int> starts, ReadOnlySpan<int> counts, ReadOnlySpan<int> weights)
    {
        var taps = weights.Length / starts.Length;
        for (var y = 0; y < starts.Length; y++)
            for (var x = 0; x < rowBytes; x++)
                target[(y * rowBytes) + x] = Column(source[(starts[y] * rowBytes)..], rowBytes, x, weights.Slice(y * taps, counts[y]));
    }

    /// <summary>The weights of <see cref="HorizontalPlain"/> laid out for <see cref="Horizontal"/>: every one three times, padded with zeros to whole steps.</summary>
    /// <returns>[targetWidth, steps, 24].</returns>
    public static int[] Spread(int targetWidth, ReadOnlySpan<int> counts, ReadOnlySpan<int> weights)
    {
        var taps = weights.Length / targetWidth;
        var steps = Steps(taps);
        var spread = new int[checked(targetWidth * steps * Step * 3)];
        for (var x = 0; x < targetWidth; x++)
            for (var t = 0; t < counts[x]; t++)
                spread.AsSpan(((x * steps * Step) + t) * 3, 3).Fill(weights[(x * taps) + t]);
        return spread;
    }

    /// <summary>As <see cref="HorizontalPlain"/>, eight pixels a step, with the weights laid out by <see cref="Spread"/>, too.</summary>
    public static void Horizontal(
        ReadOnlySpan<byte> source, int sourceWidth, Span<byte> target, int targetWidth, ReadOnlySpan<int> starts, ReadOnlySpan<int> counts, ReadOnlySpan<int> weights, int[] spread)
    {
        var taps = weights.Length / targetWidth;
        var steps = Steps(taps);
        ref var pixels = ref MemoryMarshal.GetReference(source);
        ref var factors = ref MemoryMarshal.GetArrayDataReference(spread);
        Span<int> lanes = stackalloc int[24];
        ref var lane = ref MemoryMarshal.GetReference(lanes);
        for (int row = 0, to = 0; to < target.Length; row++)
        {
            for (var x = 0; x < targetWidth; x++, to += 3)
            {
                var from = ((row * sourceWidth) + starts[x]) * 3;
                var factor = x * steps * Step * 3;
                var (sum0, sum1, sum2) = (Vector256<int>.Zero, Vector256<int>.Zero, Vector256<int>.Zero);
                var t = 0;

                // A step may read pixels behind the window (their weights are zero) but not behind the buffer.
                for (; t < counts[x] && from + 24 <= source.Length; t += Step, from += 24, factor += 24)
                {
                    sum0 += Widen(ref pixels, from) * Vector256.LoadUnsafe(ref factors, (nuint)factor);
                    sum1 += Widen(ref pixels, from + 8) * Vector256.LoadUnsafe(ref factors, (nuint)factor + 8);
                    sum2 += Widen(ref pixels, from + 16) * Vector256.LoadUnsafe(ref factors, (nuint)factor + 16);
                }

                sum0.StoreUnsafe(ref lane);
                sum1.StoreUnsafe(ref lane, 8);
                sum2.StoreUnsafe(ref lane, 16);
                int red = Half, green = Half, blue = Half;
                for (var i = 0; i < 24; i += 3)
                {
                    red += lanes[i];
                    green += lanes[i + 1];
                    blue += lanes[i + 2];
                }

                for (; t < counts[x]; t++, from += 3)
                {
                    var weight = weights[(x * taps) + t];
                    red += source[from] * weight;
                    green += source[from + 1] * weight;
                    blue += source[from + 2] * weight;
                }

                (target[to], target[to + 1], target[to + 2]) = (ToByte(red), ToByte(green), ToByte(blue));
            }
        }
    }

    /// <summary>As <see cref="VerticalPlain"/>, 32 bytes a step.</summary>
    public static void Vertical(
        ReadOnlySpan<byte> source, int rowBytes, Span<byte> target, ReadOnlySpan<int> starts, ReadOnlySpan<int> counts, ReadOnlySpan<int> weights)
    {
        var taps = weights.Length / starts.Length;
        ref var pixels = ref MemoryMarshal.GetReference(source);
        ref var result = ref MemoryMarshal.GetReference(target);
        for (var y = 0; y < starts.Length; y++)
        {
            var rowWeights = weights.Slice(y * taps, counts[y]);
            var x = 0;
            Debug.Assert((starts[y] + counts[y]) * (long)rowBytes <= source.Length);
            for (; x + 32 <= rowBytes; x += 32)
            {
                var half = Vector256.Create(Half);
                var (sum0, sum1, sum2, sum3) = (half, half, half, half);
                var from = (starts[y] * rowBytes) + x;
                foreach (var weight in rowWeights)
                {
                    var factor = Vector256.Create(weight);
                    sum0 += Widen(ref pixels, from) * factor;
                    sum1 += Widen(ref pixels, from + 8) * factor;
                    sum2 += Widen(ref pixels, from + 16) * factor;
                    sum3 += Widen(ref pixels, from + 24) * factor;
                    from += rowBytes;
                }

                Vector256.Narrow(
                    Vector256.Narrow(Clip(sum0), Clip(sum1)).AsUInt16(),
                    Vector256.Narrow(Clip(sum2), Clip(sum3)).AsUInt16()).StoreUnsafe(ref result, (nuint)((y * rowBytes) + x));
            }

            for (; x < rowBytes; x++)
                target[(y * rowBytes) + x] = Column(source[(starts[y] * rowBytes)..], rowBytes, x, rowWeights);
        }
    }

    private static int Steps(int taps) => (taps + Step - 1) / Step;

    private static byte Column(ReadOnlySpan<byte> source, int rowBytes, int x, ReadOnlySpan<int> weights)
    {
        var sum = Half;
        for (var t = 0; t < weights.Length; t++)
            sum += source[(t * rowBytes) + x] * weights[t];
        return ToByte(sum);
    }

    private static byte ToByte(int sum) => (byte)Math.Clamp(sum >> PrecisionBits, 0, 255);

    private static Vector256<int> Clip(Vector256<int> sum) =>
        Vector256.Max(Vector256.Min(sum >> PrecisionBits, Vector256.Create(255)), Vector256<int>.Zero);

    // 8 bytes as 8 integers. vpmovzxbd in one instruction where there is one; the portable form takes five.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widen(ref byte start, int offset)
    {
        var bytes = Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, offset))).AsByte();
        if (Avx2.IsSupported)
            return Avx2.ConvertToVector256Int32(bytes);
        var words = Vector128.WidenLower(bytes);
        return Vector256.Create(Vector128.WidenLower(words), Vector128.WidenUpper(words)).AsInt32();
    }
}
