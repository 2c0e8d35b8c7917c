namespace Sightline.Onnx.Graphs;

/// <summary>
/// 8-bit weights by the formulas of ONNX Runtime's <c>quant_utils.py</c>: int8 symmetric over -127 to 127, uint8 over the range that holds all values and 0;
/// rounding to even. A value is (q - zero point) × scale.
/// </summary>
/// <param name="Values">The bytes; those of int8 in two's complement.</param>
/// <param name="Scales">One for all, or one for each column.</param>
/// <param name="ZeroPoints">As many.</param>
internal sealed record Quantization(byte[] Values, float[] Scales, byte[] ZeroPoints)
{
    private const float SmallestNormal = 1.17549435e-38f;

    /// <param name="values">[rows, columns].</param>
    /// <param name="isSigned">int8, otherwise uint8.</param>
    /// <param name="columns">Columns that have a scale each; 1: one scale for all.</param>
    public static Quantization Quantize(ReadOnlySpan<float> values, bool isSigned, int columns)
    {
        var (low, high) = (new float[columns], new float[columns]); // 0 is always in the range
        for (var i = 0; i < values.Length; i += columns)
        {
            for (var column = 0; column < columns; column++)
            {
                low[column] = Math.Min(low[column], values[i + column]);
                high[column] = Math.Max(high[column], values[i + column]);
            }
        }

        var (scales, zeroPoints) = (new float[columns], new byte[columns]);
        for (var column = 0; column < columns; column++)
            (scales[column], zeroPoints[column]) = isSigned ? (Scale(2 * Math.Max(-low[column], high[column]), 254), (byte)0) : Asymmetric(low[column], high[column]);
        var quantized = new byte[values.Length];
        var (least, most) = isSigned ? (-127f, 127f) : (0f, 255f);
        for (var i = 0; i < values.Length; i += columns)
        {
            for (var column = 0; column < columns; column++)
                quantized[i + column] = unchecked((byte)(int)Math.Clamp(MathF.Round(values[i + column] / scales[column]) + zeroPoints[column], least, most));
        }

        return new Quantization(quantized, scales, zeroPoints);
    }

    private static (float Scale, byte ZeroPoint) Asymmetric(float low, float high)
    {
        var scale = Scale(high - low, 255);
        return (scale, (byte)MathF.Round(-low / scale));
    }

    private static float Scale(float range, float steps)
    {
        var scale = range / steps;
        return scale < SmallestNormal ? 1 : scale;
    }
}
