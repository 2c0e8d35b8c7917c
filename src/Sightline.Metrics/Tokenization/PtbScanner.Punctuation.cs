namespace Sightline.Metrics.Tokenization;

// Markup, quotes, apostrophes, faces and all other signs.
internal sealed partial class PtbScanner
{
    private void MatchMarkup(int at)
    {
        Offer(TagEnd(at), Form.Joined);
        foreach (var entity in (ReadOnlySpan<string>)["&lt;", "&gt;", "&amp;"])
        {
            if (StartsWith(at, entity))
                Offer(at + entity.Length, Form.Entity);
        }

        if (StartsWith(at, "&quot;"))
            OfferDoubleQuote(at + 6);
        if (StartsWith(at, "&nbsp;"))
            Offer(at + 6, Form.Entity);
    }

    // <b>, </b>, <br />, <a href="x">, <?xml …?>: the end, or `at`.
    private int TagEnd(int at)
    {
        if (At(at) != '<')
            return at;
        var i = at + 1;
        if (At(i) is '!' or '?')
        {
            if (!char.IsAsciiLetter(At(i + 1)) && At(i + 1) != '-')
                return at;
            var close = _text.AsSpan(i + 2).IndexOfAny('>', '\n');
            return close >= 0 && _text[i + 2 + close] == '>' ? i + close + 3 : at;
        }

        if (At(i) == '/')
            i++;
        if (!char.IsAsciiLetter(At(i)))
            return at;
        i = TagName(i);
        while (At(i) == ' ')
        {
            var name = Run(i, static c => c == ' ');
            if (!char.IsAsciiLetter(At(name)))
            {
                i = name;
                break;
            }

            i = TagName(name);
            var equals = Run(i, static c => c == ' ');
            if (At(equals) != '=')
                continue;
            var value = Run(equals + 1, static c => c == ' ');
            if (At(value) is '"' or '\'')
            {
                var close = _text.AsSpan(value + 1).IndexOfAny(At(value), '\n');
                if (close < 0 || _text[value + 1 + close] == '\n')
                    return at;
                i = value + close + 2;
            }
            else if (char.IsAsciiLetter(At(value)))
            {
                i = TagName(value);
            }
            else
            {
                return at;
            }
        }

        if (At(i) == '/')
            i = Run(i + 1, static c => c == ' ');
        return At(i) == '>' ? i + 1 : at;
    }

    private int TagName(int at) => Run(at, static c => char.IsAsciiLetterOrDigit(c) || c is ':' or '.' or '-' or '_');

    private void OfferDoubleQuote(int end)
    {
        if (char.IsAsciiLetterOrDigit(At(end)) || At(end) == '$')
            Offer(end, Form.OpeningDoubleQuote, end + 1);
        else
            Offer(end, Form.ClosingDoubleQuote);
    }

    private void MatchApostrophes(int at)
    {
        if (CliticEnd(at) is var clitic and > 0 && clitic < _text.Length && !char.IsAsciiLetter(_text[clitic]))
            Offer(clitic, Form.Clitic, clitic + 1);
        var apostrophe = Apostrophe(at);
        if (apostrophe == 0)
            return;
        var rest = at + apostrophe;
        if (At(rest) is 'n' or 'N')
            Offer(rest + 1 + Apostrophe(rest + 1), Form.Raw);
        foreach (var word in s_apostropheFirst)
        {
            if (StartsWith(rest, word))
                Offer(rest + word.Length, Form.Raw);
        }

        if (StartsWith(rest, "tis") || StartsWith(rest, "twas"))
            Offer(rest + 1, Form.Raw, rest + (At(rest + 1) is 'i' or 'I' ? 3 : 4));
        if (At(rest) is >= '2' and <= '9' && At(rest + 1) == '0' && At(rest + 2) is 's')
            Offer(rest + 3, Form.Raw);
        if (Is(rest, PtbCharacters.IsDigit) && Is(rest + 1, PtbCharacters.IsDigit) && Is(rest + 2, PtbCharacters.IsSpace))
            Offer(rest + 2, Form.Raw, rest + 3);
        if (_text[at] == '\'')
        {
            if (char.IsAsciiLetter(At(rest)) && rest + 1 < _text.Length && !(PtbCharacters.IsSpace(_text[rest + 1])))
                Offer(rest, Form.OpeningQuote, rest + 2);
            if (At(rest) == '\'')
                Offer(rest + 1, Form.Raw);
        }

        Offer(rest, Form.Apostrophe);
    }

    // :-) ;D =[ and ^_^ (--)
    private void MatchFaces(int at)
    {
        var eyes = _text[at] is '<' or '>' && At(at + 1) is ':' or ';' or '=' ? at + 1 : at;
        if (At(eyes) is ':' or ';' or '=')
        {
            for (var mouth = eyes + 1; mouth <= eyes + 2; mouth++)
            {
                if (mouth == eyes + 2 && At(eyes + 1) is not ('-' or 'o' or 'O' or '*' or '\''))
                    break;
                if (At(mouth) is '(' or ')' or 'D' or 'P' or 'd' or 'p' or 'O' or '\\' or '{' or '@' or '|' or '[' or ']'
                    && mouth + 1 < _text.Length && !char.IsAsciiLetterOrDigit(_text[mouth + 1]))
                {
                    Offer(mouth + 1, Form.Joined, mouth + 2);
                }
            }
        }

        static bool IsFlat(char c) => c is '-' or '^' or 'x' or '=' or '~' or '<' or '>' or '\'';
        var first = _text[at];
        if (IsFlat(first) && At(at + 1) == '_' && IsFlat(At(at + 2)))
            Offer(at + 3, Form.Raw);
        if (IsFlat(first) && first is not ('-' or '\'') && At(at + 1) == '.' && IsFlat(At(at + 2)) && At(at + 2) is not ('-' or '\''))
            Offer(at + 3, Form.Raw);
        if (first == '(' && IsFlat(At(at + 1)))
        {
            var second = At(at + 2) is '_' or '.' ? at + 3 : at + 2;
            if (IsFlat(At(second)) && At(second + 1) == ')')
                Offer(second + 2, Form.Joined);
            if (At(at + 2) == '-' && (IsFlat(At(at + 3)) || At(at + 3) == '`') && At(at + 3) != '-' && At(at + 4) == ')')
                Offer(at + 5, Form.Joined);
        }
    }

    private static bool IsCurly(char c) => c is '`' or '‘' or '’' or '‚' or '‛' or '“' or '”' or '„' or '‟' or '\u0091' or '\u0092' or '\u0093' or '\u0094'
        or '‹' or '›' or '«' or '»';

    private void MatchPunctuation(int at)
    {
        var c = _text[at];
        switch (c)
        {
            case '"':
                OfferDoubleQuote(at + 1);
                break;
            case '.':
                MatchPeriods(at);
                break;
            case '…' or '\u0085':
                Offer(at + 1, Form.Ellipsis);
                break;
            case '?' or '!':
                Offer(Run(at, static x => x is '?' or '!'), Form.Raw);
                break;
            case '-':
                MatchDashes(at);
                break;
            case '–' or '—' or '―' or '\u0096' or '\u0097':
                Offer(at + 1, Form.Dash);
                break;
            case '(' or ')' or '[' or ']' or '{' or '}':
                Offer(at + 1, Form.Bracket);
                break;
            case '*' or '_' or '#' or '@':
                Offer(Run(at, x => x == c), Form.Raw);
                break;
            case '\\':
                Offer(At(at + 1) == '*' ? at + 2 : at + 1, Form.Raw);
                break;
            case '<' or '>':
                Offer(At(at + 1) == c ? at + 2 : at + 1, Form.Raw);
                break;
            case '¢' or '£' or '¤' or '€' or '₠' or '\u0080':
                Offer(at + 1, Form.Currency);
                break;
            case '\'' or '&' when _bestLength > 0:
                break;
            default:
                if (IsCurly(c))
                    Offer(IsCurly(At(at + 1)) ? at + 2 : at + 1, Form.Quotes);
                else
                    Offer(at + 1, Form.Raw);
                break;
        }
    }

    private void MatchPeriods(int at)
    {
        var dots = Run(at, static x => x == '.') - at;
        if (dots >= 3)
        {
            Offer(at + Math.Min(dots, 5), Form.Ellipsis);
            return;
        }

        var spaced = at;
        for (var i = 0; i < 4 && At(spaced) == '.' && At(spaced + 1) is ' ' or '\u00A0'; i++)
        {
            spaced += 2;
            if (i >= 1 && At(spaced) == '.')
                Offer(spaced + 1, Form.Ellipsis);
        }

        Offer(at + 1, Form.Raw);
    }

    private void MatchDashes(int at)
    {
        foreach (var bracket in (ReadOnlySpan<string>)["LRB", "RRB", "LCB", "RCB", "LSB", "RSB"])
        {
            if (_text.AsSpan(at + 1).StartsWith(bracket, StringComparison.OrdinalIgnoreCase) && At(at + 4) == '-')
                Offer(at + 5, Form.Raw);
        }

        var dashes = Run(at, static x => x == '-') - at;
        if (dashes is >= 2 and <= 4)
            Offer(at + dashes, Form.Dash);
        else
            Offer(at + dashes, Form.Raw);
    }
}
