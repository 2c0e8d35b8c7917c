namespace Sightline.Metrics.Scoring;

/// <summary>White space as Python 3 sees it.</summary>
internal static class PythonText
{
    public static bool IsWhiteSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001C' and <= '\u001F';

    /// <summary>The next piece of <c>text.split()</c> at or after <paramref name="at"/>, which is moved behind it; empty at the end.</summary>
    public static ReadOnlySpan<char> NextToken(ReadOnlySpan<char> text, ref int at)
    {
        while (at < text.Length && IsWhiteSpace(text[at]))
            at++;
        var start = at;
        while (at < text.Length && !IsWhiteSpace(text[at]))
            at++;
        return text[start..at];
    }
}
