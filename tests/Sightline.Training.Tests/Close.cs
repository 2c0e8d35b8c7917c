namespace Sightline.Training.Tests;

/// <summary>Comparisons that print where the worst difference is.</summary>
internal static class Close
{
    public static void Assert(string name, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double absolute, double relative = 0)
    {
        Xunit.Assert.Equal(expected.Length, actual.Length);
        var (worst, at) = (-1.0, -1);
        for (var i = 0; i < expected.Length; i++)
        {
            var difference = Math.Abs((double)expected[i] - actual[i]);
            var excess = double.IsNaN(difference) ? double.PositiveInfinity : difference - relative * Math.Abs(expected[i]);
            if (excess > worst)
                (worst, at) = (excess, i);
        }

        Xunit.Assert.True(worst <= absolute, $"{name}[{at}]: expected {(at < 0 ? 0 : expected[at]):R}, got {(at < 0 ? 0 : actual[at]):R}; off by {worst:G3} more than {relative:G2} of the value, {absolute:G3} allowed.");
    }
}
