using System.Globalization;

namespace Sightline.IO;

/// <summary>Numbers rounded and written as Python does.</summary>
internal static class PythonNumber
{
    /// <summary>
    /// Python's <c>round(value, digits)</c>: the exact value of the double, halves to even. (.NET's <see cref="Math.Round(double, int)"/> multiplies first, so
    /// that 2.675 becomes 2.68 where Python gives 2.67.)
    /// </summary>
    public static double Round(double value, int digits) =>
        double.IsFinite(value) ? double.Parse(Fixed(value, digits), CultureInfo.InvariantCulture) : value;

    /// <summary>Python's <c>f"{value:.4f}"</c> with that many digits.</summary>
    public static string Fixed(double value, int digits)
    {
        // Exact halves of 10^-digits that a double can hold are odd multiples of 2^-(digits+1); .NET rounds those away from zero.
        var scaled = value * Math.Pow(2, digits + 1);
        var isTie = Math.Abs(value) < 1e9 && scaled == Math.Floor(scaled);
        return (isTie ? Math.Round(value, digits, MidpointRounding.ToEven) : value).ToString($"F{digits}", CultureInfo.InvariantCulture);
    }
}
