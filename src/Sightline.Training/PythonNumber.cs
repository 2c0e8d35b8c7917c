using System.Globalization;

namespace Sightline.Training;

/// <summary>Numbers as Python's <c>round</c> gives them.</summary>
internal static class PythonNumber
{
    /// <summary>
    /// Rounds the exact value of the double, halves to even. (.NET's <see cref="Math.Round(double, int)"/> multiplies first, so that 2.675 becomes 2.68 where
    /// Python gives 2.67.)
    /// </summary>
    public static double Round(double value, int digits)
    {
        if (!double.IsFinite(value))
            return value;
        var scaled = value * Math.Pow(2, digits + 1); // exact; halves of 10^-digits that a double can hold are odd multiples of 2^-(digits+1)
        return scaled == Math.Floor(scaled) && Math.Abs(value) < 1e9
            ? Math.Round(value, digits, MidpointRounding.ToEven)
            : double.Parse(value.ToString($"F{digits}", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }
}
