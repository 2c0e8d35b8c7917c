using System.Globalization;
using System.Text.RegularExpressions;

namespace Sightline.Verification;

/// <summary>An allowed difference |actual − expected| ≤ absolute + relative · |expected|, as golden files state it.</summary>
/// <param name="Absolute">The absolute part.</param>
/// <param name="Relative">The relative part.</param>
/// <param name="Text">The file's own words.</param>
public sealed partial record Tolerance(double Absolute, double Relative, string Text)
{
    /// <summary>No difference at all.</summary>
    public static Tolerance Exact { get; } = new(0, 0, "exact");

    /// <summary>An absolute difference, put into words.</summary>
    public static Tolerance Within(double absolute) => new(absolute, 0, string.Create(CultureInfo.InvariantCulture, $"abs {absolute:0.###e-0}"));

    /// <summary>Reads words such as <c>abs 5e-5 + rel 1e-5 (why)</c>; what stands in brackets explains and is not read.</summary>
    /// <exception cref="ConfigurationException">Neither an absolute nor a relative part is named.</exception>
    public static Tolerance Parse(string text)
    {
        var plain = Brackets().Replace(text, "");
        var absolute = Number(AbsolutePart().Match(plain));
        var relative = Number(RelativePart().Match(plain));
        if (absolute is null && relative is null)
            throw new ConfigurationException($"tolerance '{text}' names neither 'abs' nor 'rel'.");
        return new Tolerance(absolute ?? 0, relative ?? 0, plain.Trim());
    }

    /// <summary>The largest difference allowed from a value.</summary>
    public double At(double expected) => Absolute + (Relative * Math.Abs(expected));

    private static double? Number(Match match) => match.Success ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : null;

    [GeneratedRegex(@"\([^)]*\)")]
    private static partial Regex Brackets();

    [GeneratedRegex(@"\babs(?:olute)?\s+([0-9.]+(?:e[-+]?[0-9]+)?)")]
    private static partial Regex AbsolutePart();

    [GeneratedRegex(@"\brel(?:ative)?\s+([0-9.]+(?:e[-+]?[0-9]+)?)")]
    private static partial Regex RelativePart();
}
