namespace Sightline.Verification.Goldens;

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
