using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Sightline.ModelCards;

/// <summary>Scalars as <c>yaml.dump</c> of PyYAML writes them.</summary>
internal static partial class Yaml
{
    /// <summary>A text: plain where a reader would take it for a text, in single quotes otherwise.</summary>
    public static string Scalar(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange('\0', '\u001f') >= 0)
            return IO.PythonJson.Serialize(text); // double quotes with escapes
        return text.Length > 0 && Plain().IsMatch(text) && !OtherType().IsMatch(text) ? text : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
    }

    /// <summary>A number; floats as Python's <c>repr</c>, with <c>.0</c> before an exponent that has no point.</summary>
    public static string Number(JsonNode? node)
    {
        var text = IO.PythonJson.Serialize(node, indent: -1);
        var exponent = text.IndexOf('e', StringComparison.Ordinal);
        return exponent >= 0 && !text.Contains('.', StringComparison.Ordinal) && double.TryParse(text, CultureInfo.InvariantCulture, out _)
            ? $"{text[..exponent]}.0{text[exponent..]}"
            : text;
    }

    [GeneratedRegex(@"^(?![-?:](\s|$))[^\s,\[\]{}#&*!|>'""%@`=](?!.*(: |:$| #))[^\u0000-\u001f\u007f]*(?<!\s)$", RegexOptions.CultureInvariant)]
    private static partial Regex Plain();

    // What YAML 1.1 reads as null, a truth value, a number or a date.
    [GeneratedRegex(@"^(~|null|true|false|yes|no|on|off|[-+]?(\d[\d_]*(\.[\d_]*)?|\.[\d_]+)([eE][-+]\d+)?|0x[\da-f]+|[-+]?\.(inf|nan)|\d{4}-\d\d?-\d\d?.*|[-+]?\d+(:[0-5]?\d)+)$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex OtherType();
}
