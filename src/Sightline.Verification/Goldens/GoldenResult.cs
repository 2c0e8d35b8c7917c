using System.Globalization;

namespace Sightline.Verification.Goldens;

/// <summary>What a comparison with a golden file found.</summary>
/// <param name="Compared">How many values were compared.</param>
/// <param name="LargestDifference">The largest absolute difference; for texts and counts the number of unequal ones.</param>
/// <param name="Tolerance">The difference allowed.</param>
/// <param name="Worst">Where the first or largest difference lies.</param>
internal sealed record GoldenResult(int Compared, double LargestDifference, double Tolerance, string Worst)
{
    public bool Passed => Compared > 0 && LargestDifference <= Tolerance;

    /// <summary>The tolerance in words.</summary>
    public string ToleranceText => Tolerance == 0 ? "exact" : string.Create(CultureInfo.InvariantCulture, $"abs {Tolerance:0.###e-0}");
}
