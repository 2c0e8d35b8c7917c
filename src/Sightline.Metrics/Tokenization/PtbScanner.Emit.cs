using System.Text;

namespace Sightline.Metrics.Tokenization;

// From matched text to tokens.
internal sealed partial class PtbScanner
{
    private void Emit(string matched, List<string> tokens)
    {
        switch (_form)
        {
            case Form.SentenceEnd:
                tokens.Add(LowerCase(matched));
                tokens.Add(".");
                return;
            case Form.Entity:
                if (matched != "&nbsp;")
                    tokens.Add(matched.StartsWith("&l", StringComparison.OrdinalIgnoreCase) ? "<" : matched.StartsWith("&g", StringComparison.OrdinalIgnoreCase) ? ">" : "&");
                return;
        }

        tokens.Add(_form switch
        {
            Form.Raw => LowerCase(matched),
            Form.Word => LowerCase(PlainWord(matched)),
            Form.Clitic => LowerCase(PlainApostrophes(matched)),
            Form.Joined => LowerCase(matched).Replace(' ', '\u00A0').Replace("(", "-lrb-", StringComparison.Ordinal).Replace(")", "-rrb-", StringComparison.Ordinal),
            Form.OpeningQuote => "`",
            Form.OpeningDoubleQuote => "``",
            Form.ClosingDoubleQuote => "''",
            Form.Apostrophe => "'",
            Form.Dash => "--",
            Form.Ellipsis => "...",
            Form.Quotes => string.Concat(matched.Select(LatexQuote)),
            Form.Fraction => matched[0] switch { '¼' => "1/4", '½' => "1/2", '¾' => "3/4", '⅓' => "1/3", _ => "2/3" },
            Form.Bracket => matched[0] switch { '(' => "-lrb-", ')' => "-rrb-", '[' => "-lsb-", ']' => "-rsb-", '{' => "-lcb-", _ => "-rcb-" },
            Form.Currency => matched[0] switch { '¢' => "cents", '£' => "#", _ => "$" },
            _ => matched,
        });
    }

    private static string LatexQuote(char c) => c switch
    {
        '‘' or '‛' or '\u0091' or '‹' => "`",
        '’' or '\u0092' or '›' => "'",
        '“' or '\u0093' or '«' => "``",
        '”' or '\u0094' or '»' => "''",
        _ => c.ToString(),
    };

    private static string PlainWord(string text)
    {
        if (text.Contains('&', StringComparison.Ordinal))
            text = text.Replace("&amp;", "&", StringComparison.OrdinalIgnoreCase);
        if (!text.Contains(PtbCharacters.SoftHyphen, StringComparison.Ordinal))
            return text;
        var kept = text.Replace("\u00AD", "", StringComparison.Ordinal);
        return kept.Length == 0 ? "-" : kept;
    }

    private static string PlainApostrophes(string text) =>
        text.Replace("&apos;", "'", StringComparison.OrdinalIgnoreCase).Replace('’', '\'').Replace('\u0092', '\'');

    /// <summary>Lower case as Java has it: İ becomes two characters and a capital sigma at the end of a word the final one.</summary>
    private static string LowerCase(string text)
    {
        var plain = true;
        foreach (var c in text)
            plain &= c is not ((>= 'A' and <= 'Z') or >= '\u0080');
        if (plain)
            return text;
        var result = new StringBuilder(text.Length + 1);
        for (var i = 0; i < text.Length; i++)
        {
            _ = text[i] switch
            {
                'İ' => result.Append("i\u0307"),
                'Σ' => result.Append(IsFinal(text, i) ? 'ς' : 'σ'),
                '\u212A' => result.Append('k'),
                '\u212B' => result.Append('å'),
                '\u2126' => result.Append('ω'),
                'ẞ' => result.Append('ß'),
                var c => result.Append(char.ToLowerInvariant(c)),
            };
        }

        return result.ToString();
    }

    private static bool IsFinal(string text, int i) =>
        i > 0 && char.IsLetter(text[i - 1]) && (i + 1 == text.Length || !char.IsLetter(text[i + 1]));
}
