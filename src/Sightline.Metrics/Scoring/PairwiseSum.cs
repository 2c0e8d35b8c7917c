namespace Sightline.Metrics.Scoring;

/// <summary>Sums in the order that NumPy does, so that means equal the official ones to the last bits.</summary>
internal static class PairwiseSum
{
    private const int BlockSize = 128;

    public static double Mean(ReadOnlySpan<double> values) => Sum(values) / values.Length;

    public static double Sum(ReadOnlySpan<double> values)
    {
        if (values.Length > BlockSize)
        {
            var half = values.Length / 2;
            half -= half % 8;
            return Sum(values[..half]) + Sum(values[half..]);
        }

        var sum = 0.0;
        var done = 0;
        if (values.Length >= 8)
        {
            Span<double> lanes = stackalloc double[8];
            values[..8].CopyTo(lanes);
            for (done = 8; done + 8 <= values.Length; done += 8)
            {
                for (var lane = 0; lane < 8; lane++)
                    lanes[lane] += values[done + lane];
            }

            sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
        }

        for (; done < values.Length; done++)
            sum += values[done];
        return sum;
    }
}
