namespace Sightline.Metrics.Tokenization;

/// <summary>
/// Finds the tokens of a text as Stanford's Penn-Treebank tokenizer 3.4.1 does: at each place every rule is tried, the one that
/// matches most text wins (what it looks ahead at counts, the earlier rule on a tie), and only its own part is consumed.
/// Written from that behaviour; the golden files are its specification.
/// </summary>
/// <remarks>
/// The text is all captions, one a line, because rules look ahead across line ends: <c>U.S.</c> before a line that begins with
/// <c>The</c> ends a sentence. A scanner holds its place only, so several may read one text at once.
/// </remarks>
internal sealed partial class PtbScanner(string text)
{
    private readonly string _text = text;

    private int _start;
    private int _bestTotal;
    private int _bestLength;
    private Form _form;

    /// <summary>How the matched text becomes a token.</summary>
    private enum Form
    {
        /// <summary>As written.</summary>
        Raw,

        /// <summary>Soft hyphens removed, the entity &amp;amp; decoded.</summary>
        Word,

        /// <summary>Every apostrophe becomes the ASCII one.</summary>
        Clitic,

        /// <summary>Blanks become no-break spaces, parentheses their bracket names.</summary>
        Joined,

        /// <summary>An abbreviation that also ends the sentence: its period is given again as a token.</summary>
        SentenceEnd,

        Quotes,
        OpeningQuote,
        OpeningDoubleQuote,
        ClosingDoubleQuote,
        Apostrophe,
        Dash,
        Ellipsis,
        Fraction,
        Bracket,
        Currency,
        Entity,
    }

    /// <summary>Adds the tokens of <c>text[start..end]</c>, one line of the text, to <paramref name="tokens"/>, lower-cased.</summary>
    public void ScanLine(int start, int end, List<string> tokens)
    {
        var at = start;
        while (at < end)
        {
            var kind = PtbCharacters.Of(_text[at]);
            if (kind is PtbCharacters.Kind.Drop or PtbCharacters.Kind.Space or PtbCharacters.Kind.LineEnd)
            {
                at++;
                continue;
            }

            if (TryPlainWord(at, out var wordEnd))
            {
                tokens.Add(_text[at..wordEnd]);
                at = wordEnd;
                continue;
            }

            if (kind == PtbCharacters.Kind.Symbol)
            {
                tokens.Add(LowerCase(_text[at].ToString()));
                at++;
                continue;
            }

            Match(at);
            if (_bestLength == 0)
            {
                at++;
                continue;
            }

            Emit(_text.Substring(at, _bestLength), tokens);
            at += _bestLength;
        }
    }

    // The common case by far: ASCII lower-case letters up to a blank, a comma or the end of the line, that no special word contains.
    private bool TryPlainWord(int at, out int end)
    {
        end = at;
        while (end < _text.Length && _text[end] is >= 'a' and <= 'z')
            end++;
        if (end == at)
            return false;
        if (end < _text.Length && _text[end] is not (' ' or '\n' or ','))
            return false;
        return end - at is not (5 or 6) || AssimilatedPart(_text.AsSpan(at, end - at)) == 0;
    }

    private void Match(int at)
    {
        _start = at;
        _bestTotal = 0;
        _bestLength = 0;
        _form = Form.Raw;
        var c = _text[at];
        if (c is '<' or '&')
            MatchMarkup(at);
        if (PtbCharacters.IsLetterOrDigit(c))
        {
            MatchWords(at);
            MatchNumbers(at);
            MatchAbbreviations(at);
            MatchAddresses(at);
        }
        else
        {
            MatchApostrophes(at);
            MatchNumbers(at);
            MatchAddresses(at);
            MatchFaces(at);
            MatchPunctuation(at);
        }
    }

    /// <summary>Offers a match of [start, end) that was recognised by looking on to <paramref name="seen"/>.</summary>
    private void Offer(int end, Form form, int seen = 0)
    {
        var total = Math.Max(end, seen) - _start;
        if (total <= _bestTotal)
            return;
        _bestTotal = total;
        _bestLength = end - _start;
        _form = form;
    }

    private char At(int i) => i < _text.Length ? _text[i] : '\0';

    private bool Is(int i, Func<char, bool> kind) => i < _text.Length && kind(_text[i]);

    private static bool IsAsciiLetter(char c) => char.IsAsciiLetter(c);

    private bool StartsWith(int at, string word) =>
        at + word.Length <= _text.Length && _text.AsSpan(at, word.Length).Equals(word, StringComparison.OrdinalIgnoreCase);

    private int Run(int at, Func<char, bool> kind)
    {
        while (at < _text.Length && kind(_text[at]))
            at++;
        return at;
    }

    private int Digits(int at)
    {
        while (at < _text.Length && char.IsAsciiDigit(_text[at]))
            at++;
        return at;
    }

    private int AsciiLetters(int at)
    {
        while (at < _text.Length && char.IsAsciiLetter(_text[at]))
            at++;
        return at;
    }

    private int AsciiLettersOrDigits(int at)
    {
        while (at < _text.Length && char.IsAsciiLetterOrDigit(_text[at]))
            at++;
        return at;
    }

    /// <summary>The length of an apostrophe at <paramref name="at"/>: ', ’, its Windows-1252 code, or the entity; 0 where there is none.</summary>
    private int Apostrophe(int at) => At(at) switch
    {
        '\'' or '’' or '\u0092' => 1,
        '&' when StartsWith(at, "&apos;") => 6,
        _ => 0,
    };

    /// <summary>As <see cref="Apostrophe"/>, and the quotes that people type for one: `, ‘ and ‛.</summary>
    private int LooseApostrophe(int at) => At(at) is '`' or '\u0091' or '‘' or '‛' ? 1 : Apostrophe(at);
}
