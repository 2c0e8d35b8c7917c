using System.Text;

namespace Sightline.Checkpoints;

/// <summary>Puts text that comes from a file into a one-line message.</summary>
internal static class MessageText
{
    /// <summary>A name in quotes, control characters escaped and cut after 160 characters.</summary>
    public static string Quote(string text) => $"'{Clean(text, 160)}'";

    /// <summary>The text on one line: control characters escaped, cut after so many characters.</summary>
    public static string Clean(string text, int maxLength = 1000)
    {
        var result = new StringBuilder();
        foreach (var c in text.Length > maxLength ? text.AsSpan(0, maxLength) : text)
        {
            if (char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029')
                result.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                result.Append(c);
        }

        return text.Length > maxLength ? result.Append('…').ToString() : result.ToString();
    }

    /// <summary>The first few names in quotes, then how many more there are.</summary>
    public static string List(IReadOnlyCollection<string> names, int shown = 10)
    {
        var text = string.Join(", ", names.Take(shown).Select(Quote));
        return names.Count > shown ? $"{text} and {names.Count - shown} more" : text;
    }
}
