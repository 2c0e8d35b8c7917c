using System.Text;
using System.Text.RegularExpressions;

namespace Sightline.Metrics.Matching;

/// <summary>
/// Text as METEOR 1.5 compares it with <c>-norm</c> for English: quotes and dashes made plain, punctuation set apart, the periods of acronyms
/// removed, lower case. The rules are those of the Moses tokenizer with METEOR's changes, observed on the golden file.
/// </summary>
internal sealed partial class MeteorNormalizer(IReadOnlySet<string> prefixes, IReadOnlySet<string> numericPrefixes)
{
    private readonly IReadOnlySet<string> _prefixes = prefixes;
    private readonly IReadOnlySet<string> _numericPrefixes = numericPrefixes;

    /// <summary>Letters that belong to words: Latin and Cyrillic. All others, Greek and Chinese too, stand alone.</summary>
    private const string Letters = @"A-Za-z\u00AA\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u024F\u0400-\u052F\u1E00-\u1EFF";

    public string Normalize(string line)
    {
        var text = $" {PlainQuotes(line)} ";
        text = Dots().Replace(text, " $0 ");
        text = Hyphen().Replace(text.Replace("--", "-", StringComparison.Ordinal), "$1 $2");
        text = Other().Replace(text, " $0 ");
        text = text.Replace(" \u2013 ", " - ", StringComparison.Ordinal);
        text = CommaBefore().Replace(text, "$1 , $2");
        text = CommaAfter().Replace(text, "$1 , $2");
        text = ApostropheAlone().Replace(text, "$1 ' $2");
        text = ApostropheBefore().Replace(text, "$1 ' $2");
        text = ApostropheAfter().Replace(text, "$1 ' $2");
        text = ApostropheInside().Replace(text, "$1 '$2");
        text = ApostropheYears().Replace(text, "$1 '$2");
        return LowerCase(FinalPeriods(text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
    }

    private static string PlainQuotes(string line)
    {
        var result = new StringBuilder(line.Length);
        foreach (var c in line)
        {
            _ = c switch
            {
                '“' or '”' => result.Append('"'),
                '‘' or '’' or '`' => result.Append('\''),
                _ => result.Append(char.IsWhiteSpace(c) && c != '\u0085' ? ' ' : c),
            };
        }

        return result.Replace("''", "\"").ToString();
    }

    // A period at the end of a word: dropped in an acronym, kept after a known abbreviation or before a lower-case word, else set apart.
    private string FinalPeriods(string[] words)
    {
        var result = new StringBuilder();
        for (var i = 0; i < words.Length; i++)
        {
            if (i > 0)
                result.Append(' ');
            var word = words[i];
            if (word.Length < 2 || word[^1] != '.')
            {
                result.Append(word);
                continue;
            }

            var stem = word[..^1];
            var next = i + 1 < words.Length ? words[i + 1] : "";
            if (stem.Contains('.', StringComparison.Ordinal) && stem.Any(IsLetter))
                result.Append(word.Replace(".", "", StringComparison.Ordinal));
            else if (_prefixes.Contains(stem) || (next.Length > 0 && char.IsLower(next[0])) || (_numericPrefixes.Contains(stem) && next.Length > 0 && char.IsAsciiDigit(next[0])))
                result.Append(word);
            else if (stem[^1] == '.')
                result.Append(word);
            else
                result.Append(stem).Append(" .");
        }

        return result.ToString();
    }

    private static bool IsLetter(char c) => char.IsLetter(c);

    private static string LowerCase(string text) => text.Replace("İ", "i\u0307", StringComparison.Ordinal).ToLowerInvariant();

    [GeneratedRegex(@"[\uD800-\uDBFF][\uDC00-\uDFFF]|[^" + Letters + @"0-9\s.',\-]", RegexOptions.CultureInvariant)]
    private static partial Regex Other();

    [GeneratedRegex(@"([" + Letters + @"0-9.])-([" + Letters + @"0-9])", RegexOptions.CultureInvariant)]
    private static partial Regex Hyphen();

    [GeneratedRegex(@"\.\.+", RegexOptions.CultureInvariant)]
    private static partial Regex Dots();

    [GeneratedRegex(@"([^0-9]),(.)", RegexOptions.CultureInvariant)]
    private static partial Regex CommaBefore();

    [GeneratedRegex(@"([0-9]),([^0-9])", RegexOptions.CultureInvariant)]
    private static partial Regex CommaAfter();

    [GeneratedRegex(@"([^" + Letters + @"])'([^" + Letters + @"])", RegexOptions.CultureInvariant)]
    private static partial Regex ApostropheAlone();

    [GeneratedRegex(@"([^" + Letters + @"0-9])'([" + Letters + @"])", RegexOptions.CultureInvariant)]
    private static partial Regex ApostropheBefore();

    [GeneratedRegex(@"([" + Letters + @"])'([^" + Letters + @"])", RegexOptions.CultureInvariant)]
    private static partial Regex ApostropheAfter();

    [GeneratedRegex(@"([" + Letters + @"])'([" + Letters + @"])", RegexOptions.CultureInvariant)]
    private static partial Regex ApostropheInside();

    [GeneratedRegex(@"([0-9])'(s)", RegexOptions.CultureInvariant)]
    private static partial Regex ApostropheYears();
}
