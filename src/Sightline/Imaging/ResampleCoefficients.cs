namespace Sightline.Imaging;

/// <summary>
/// The weights of one resampling pass, in Pillow 9.4's 8-bit fixed point (src/libImaging/Resample.c: precompute_coeffs, normalize_coeffs_8bpc).
/// Output i is the sum of <c>weights[i * Taps + t] * input[Starts[i] + t]</c> over t below <c>Counts[i]</c>, plus a half, shifted down by
/// <see cref="PrecisionBits"/> and clipped to a byte.
/// </summary>
internal sealed class ResampleCoefficients
{
    /// <summary>32 bits, less 8 of the pixel, less 2 for overshoot and sign.</summary>
    public const int PrecisionBits = 32 - 8 - 2;

    private ResampleCoefficients(int taps, int outputSize)
    {
        Taps = taps;
        Starts = new int[outputSize];
        Counts = new int[outputSize];
        Weights = new int[checked(taps * outputSize)];
    }

    /// <summary>Room for weights per output.</summary>
    public int Taps { get; }

    /// <summary>[output] the first input of each.</summary>
    public int[] Starts { get; }

    /// <summary>[output] inputs of each, 1 to <see cref="Taps"/>.</summary>
    public int[] Counts { get; }

    /// <summary>[output, taps]; zero beyond the count.</summary>
    public int[] Weights { get; }

    public static ResampleCoefficients Compute(int inputSize, int outputSize, Resampling filter)
    {
        var scale = (double)inputSize / outputSize;
        var filterScale = Math.Max(scale, 1.0);
        var support = Support(filter) * filterScale;
        var result = new ResampleCoefficients(((int)Math.Ceiling(support) * 2) + 1, outputSize);
        var weights = new double[result.Taps];
        for (var i = 0; i < outputSize; i++)
        {
            var center = (i + 0.5) * scale;
            var inverse = 1.0 / filterScale;
            var start = Math.Max((int)(center - support + 0.5), 0);
            var count = Math.Min((int)(center + support + 0.5), inputSize) - start;
            var sum = 0.0;
            for (var t = 0; t < count; t++)
                sum += weights[t] = Weight(filter, (t + start - center + 0.5) * inverse);
            for (var t = 0; t < count; t++)
            {
                var weight = sum != 0.0 ? weights[t] / sum : weights[t];
                result.Weights[(i * result.Taps) + t] = (int)((weight < 0 ? -0.5 : 0.5) + (weight * (1 << PrecisionBits)));
            }

            (result.Starts[i], result.Counts[i]) = (start, count);
        }

        return result;
    }

    /// <summary>The weights that give the same result, mirrored, for a mirrored input.</summary>
    /// <param name="inputSize">The size these weights were computed for.</param>
    public ResampleCoefficients Mirror(int inputSize)
    {
        var last = Starts.Length - 1;
        var result = new ResampleCoefficients(Taps, Starts.Length);
        for (var i = 0; i <= last; i++)
        {
            var count = Counts[last - i];
            (result.Starts[i], result.Counts[i]) = (inputSize - Starts[last - i] - count, count);
            Weights.AsSpan((last - i) * Taps, count).CopyTo(result.Weights.AsSpan(i * Taps));
            result.Weights.AsSpan(i * Taps, count).Reverse();
        }

        return result;
    }

    private static double Support(Resampling filter) => filter switch
    {
        Resampling.Box => 0.5,
        Resampling.Bilinear or Resampling.Hamming => 1.0,
        Resampling.Bicubic => 2.0,
        Resampling.Lanczos => 3.0,
        _ => throw new ArgumentOutOfRangeException(nameof(filter), filter, "Not a filter with weights."),
    };

    private static double Weight(Resampling filter, double x) => filter switch
    {
        Resampling.Box => x > -0.5 && x <= 0.5 ? 1.0 : 0.0,
        Resampling.Bilinear => Math.Max(1.0 - Math.Abs(x), 0.0),
        Resampling.Hamming => Hamming(Math.Abs(x)),
        Resampling.Bicubic => Bicubic(Math.Abs(x)),
        _ => x is >= -3.0 and < 3.0 ? Sinc(x) * Sinc(x / 3.0) : 0.0,
    };

    private static double Hamming(double x)
    {
        if (x == 0.0)
            return 1.0;
        if (x >= 1.0)
            return 0.0;
        x *= Math.PI;
        return Math.Sin(x) / x * (0.54 + (0.46 * Math.Cos(x)));
    }

    private static double Bicubic(double x)
    {
        const double A = -0.5;
        if (x < 1.0)
            return ((((A + 2.0) * x) - (A + 3.0)) * x * x) + 1.0;
        return x < 2.0 ? ((((x - 5.0) * x) + 8.0) * x - 4.0) * A : 0.0;
    }

    private static double Sinc(double x)
    {
        if (x == 0.0)
            return 1.0;
        x *= Math.PI;
        return Math.Sin(x) / x;
    }
}
