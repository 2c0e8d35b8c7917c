using Xunit;

namespace Sightline.Metrics.Tests.Goldens;

/// <summary>What a comparison with a golden file found.</summary>
/// <param name="Compared">How many values were compared.</param>
/// <param name="LargestDifference">The largest absolute difference; for texts and counts the number of unequal ones.</param>
/// <param name="Tolerance">The difference allowed.</param>
/// <param name="Worst">Where the first or largest difference lies.</param>
internal sealed record GoldenResult(int Compared, double LargestDifference, double Tolerance, string Worst)
{
    public bool Passed => Compared > 0 && LargestDifference <= Tolerance;

    /// <summary>Fails the test with the place of the difference.</summary>
    public void Check() => Assert.True(Passed, $"{Compared} compared, largest difference {LargestDifference:R} (allowed {Tolerance:R}): {Worst}");
}

/// <summary>Collects differences.</summary>
internal sealed class GoldenComparison(double tolerance)
{
    private readonly double _tolerance = tolerance;

    private int _compared;
    private double _largest;
    private string _worst = "none";

    public GoldenResult Result => new(_compared, _largest, _tolerance, _worst);

    /// <summary>Compares numbers; NaN differs from everything.</summary>
    public void Number(string where, double expected, double actual)
    {
        _compared++;
        var difference = Math.Abs(expected - actual);
        if (difference <= _largest)
            return;
        _largest = double.IsNaN(difference) ? double.PositiveInfinity : difference;
        _worst = $"{where}: expected {expected:R}, found {actual:R}";
    }

    /// <summary>Compares texts exactly; every unequal one counts one.</summary>
    public void Text(string where, string? expected, string? actual)
    {
        _compared++;
        if (expected == actual)
            return;
        _largest++;
        _worst = _largest <= 40 ? $"{(_largest > 1 ? _worst : "")}\n{where}:\n  expected {expected}\n  found    {actual}" : _worst;
    }
}
