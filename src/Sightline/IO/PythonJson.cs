using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sightline.IO;

/// <summary>
/// JSON text as Python's <c>json.dumps(value, indent=2, ensure_ascii=True)</c> gives it, so that files that Sightline writes equal those of
/// Hugging Face byte for byte: ASCII escapes in lower-case hex, floats as <c>repr</c> prints them, an empty list as <c>[]</c>.
/// </summary>
public static class PythonJson
{
    /// <summary>Serializes a node. A null reference is the JSON null.</summary>
    /// <param name="node">The value.</param>
    /// <param name="sortKeys">Order the keys of every object by code point, as <c>sort_keys=True</c> does.</param>
    /// <param name="indent">Blanks per level; negative: one line with <c>", "</c> and <c>": "</c> between the parts, as without <c>indent</c>.</param>
    /// <param name="ensureAscii">Escape what is not ASCII; false writes it as it is (<c>ensure_ascii=False</c>, as the tokenizer files have it).</param>
    public static string Serialize(JsonNode? node, bool sortKeys = false, int indent = 2, bool ensureAscii = true)
    {
        var text = new StringBuilder();
        Append(text, node, sortKeys, indent, ensureAscii, 0);
        return text.ToString();
    }

    /// <summary>A double as Python's <c>repr(float)</c> prints it: the shortest digits that read back, an exponent from 1e16 and below 1e-4.</summary>
    public static string FormatFloat(double value)
    {
        if (double.IsNaN(value)) return "NaN";
        if (double.IsInfinity(value)) return value > 0 ? "Infinity" : "-Infinity";
        if (value == 0) return double.IsNegative(value) ? "-0.0" : "0.0";
        var shortest = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture);
        var (mantissa, exponent) = Split(shortest);
        var sign = value < 0 ? "-" : "";
        if (exponent is < -4 or >= 16)
        {
            var rest = mantissa.Length > 1 ? "." + mantissa[1..] : "";
            return $"{sign}{mantissa[0]}{rest}e{(exponent < 0 ? "-" : "+")}{Math.Abs(exponent):00}";
        }

        if (exponent < 0)
            return $"{sign}0.{new string('0', -exponent - 1)}{mantissa}";
        if (mantissa.Length <= exponent + 1)
            return $"{sign}{mantissa.PadRight(exponent + 1, '0')}.0";
        return $"{sign}{mantissa[..(exponent + 1)]}.{mantissa[(exponent + 1)..]}";
    }

    // "123.45", "1.5E-07" -> significant digits without a point, and the decimal exponent of the first digit.
    private static (string Digits, int Exponent) Split(string text)
    {
        var exponent = 0;
        var e = text.IndexOf('E', StringComparison.Ordinal);
        if (e >= 0)
        {
            exponent = int.Parse(text[(e + 1)..], CultureInfo.InvariantCulture);
            text = text[..e];
        }

        var point = text.IndexOf('.', StringComparison.Ordinal);
        var integer = point < 0 ? text : text[..point];
        var all = integer + (point < 0 ? "" : text[(point + 1)..]);
        exponent += integer.Length - 1;
        var leading = all.Length - all.TrimStart('0').Length;
        exponent -= leading;
        var digits = all.Trim('0');
        return (digits, exponent);
    }

    private static void Append(StringBuilder text, JsonNode? node, bool sortKeys, int indent, bool ensureAscii, int level)
    {
        switch (node)
        {
            case null:
                text.Append("null");
                break;
            case JsonObject o:
                IEnumerable<KeyValuePair<string, JsonNode?>> pairs = o;
                if (sortKeys)
                    pairs = pairs.OrderBy(p => p.Key, StringComparer.Ordinal);
                AppendAll(text, '{', '}', pairs.ToList(), indent, level, pair =>
                {
                    AppendString(text, pair.Key, ensureAscii);
                    text.Append(": ");
                    Append(text, pair.Value, sortKeys, indent, ensureAscii, level + 1);
                });
                break;
            case JsonArray a:
                AppendAll(text, '[', ']', a.ToList(), indent, level, item => Append(text, item, sortKeys, indent, ensureAscii, level + 1));
                break;
            default:
                AppendValue(text, node.AsValue(), ensureAscii);
                break;
        }
    }

    private static void AppendAll<T>(StringBuilder text, char open, char close, List<T> items, int indent, int level, Action<T> append)
    {
        text.Append(open);
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0)
                text.Append(indent < 0 ? ", " : ",");
            NewLine(text, indent, level + 1);
            append(items[i]);
        }

        if (items.Count > 0)
            NewLine(text, indent, level);
        text.Append(close);
    }

    private static void NewLine(StringBuilder text, int indent, int level)
    {
        if (indent >= 0)
            text.Append('\n').Append(' ', indent * level);
    }

    private static void AppendValue(StringBuilder text, JsonValue value, bool ensureAscii)
    {
        if (value.GetValueKind() == JsonValueKind.String)
            AppendString(text, value.GetValue<string>(), ensureAscii);
        else if (value.GetValueKind() is JsonValueKind.True or JsonValueKind.False)
            text.Append(value.GetValueKind() == JsonValueKind.True ? "true" : "false");
        else if (value.TryGetValue<double>(out var real) && (value.TryGetValue<JsonElement>(out var element)
                     ? element.GetRawText().AsSpan().IndexOfAny(".eE") >= 0
                     : !value.TryGetValue<long>(out _) && !value.TryGetValue<int>(out _)))
            text.Append(FormatFloat(real));
        else
            text.Append(value.ToJsonString());
    }

    internal static void AppendString(StringBuilder text, string value, bool ensureAscii)
    {
        text.Append('"');
        foreach (var c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                < ' ' => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                > '~' when ensureAscii => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => text.Append(c),
            };
        }

        text.Append('"');
    }
}
