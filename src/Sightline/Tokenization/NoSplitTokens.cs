using System.Buffers;

namespace Sightline.Tokenization;

/// <summary>Cuts text at special and added tokens: the leftmost, of those the longest, as Transformers' trie does.</summary>
internal sealed class NoSplitTokens
{
    private readonly Dictionary<string, AddedToken> _tokens;
    private readonly SearchValues<string>? _any;
    private readonly string[] _longestFirst;

    public NoSplitTokens(IReadOnlyDictionary<string, AddedToken> tokens)
    {
        _tokens = new Dictionary<string, AddedToken>(tokens);
        _longestFirst = [.. _tokens.Keys.Where(t => t.Length > 0).OrderByDescending(t => t.Length).ThenBy(t => t, StringComparer.Ordinal)];
        if (_longestFirst.Length > 0)
            _any = SearchValues.Create(_longestFirst, StringComparison.Ordinal);
    }

    /// <summary>Parts of the text in order, none empty. White space beside a token that asks for it is gone.</summary>
    public List<(string Text, bool IsToken)> Split(string text)
    {
        var parts = new List<(string Text, bool IsToken)>();
        var start = 0;
        while (_any is not null && start < text.Length)
        {
            var at = text.AsSpan(start).IndexOfAny(_any);
            if (at < 0)
                break;
            at += start;
            var token = _longestFirst.First(t => string.CompareOrdinal(text, at, t, 0, t.Length) == 0);
            if (at > start)
                parts.Add((text[start..at], false));
            parts.Add((token, true));
            start = at + token.Length;
        }

        if (start < text.Length)
            parts.Add((text[start..], false));
        Strip(parts);
        parts.RemoveAll(p => p.Text.Length == 0);
        return parts;
    }

    private void Strip(List<(string Text, bool IsToken)> parts)
    {
        for (var i = 0; i < parts.Count; i++)
        {
            if (!parts[i].IsToken)
                continue;
            var token = _tokens[parts[i].Text];
            if (token.StripsRight && i + 1 < parts.Count && !parts[i + 1].IsToken)
                parts[i + 1] = (TrimStart(parts[i + 1].Text), false);
            if (token.StripsLeft && i > 0 && !parts[i - 1].IsToken)
                parts[i - 1] = (TrimEnd(parts[i - 1].Text), false);
        }
    }

    private static string TrimStart(string text)
    {
        var start = 0;
        while (start < text.Length && IsPythonSpace(text[start]))
            start++;
        return text[start..];
    }

    private static string TrimEnd(string text)
    {
        var end = text.Length;
        while (end > 0 && IsPythonSpace(text[end - 1]))
            end--;
        return text[..end];
    }

    // str.isspace() counts the four information separators as white space; .NET does not.
    private static bool IsPythonSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001C' and <= '\u001F';
}
