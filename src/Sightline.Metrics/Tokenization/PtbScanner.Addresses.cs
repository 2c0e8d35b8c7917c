namespace Sightline.Metrics.Tokenization;

// Web and mail addresses, file names, @names, #tags.
internal sealed partial class PtbScanner
{
    private static readonly string[] s_fileExtensions =
    [
        "bat", "bmp", "c", "class", "cgi", "cpp", "dll", "doc", "docx", "exe", "gif", "gz", "h", "htm", "html", "jar", "java", "jpeg", "jpg",
        "mov", "mp3", "pdf", "php", "pl", "png", "ppt", "ps", "py", "sql", "tar", "txt", "wav", "x", "xml", "zip", "3gp", "wm", "wma",
    ];

    // Bounds the time that text like 1.a.1.a… takes.
    private const int MaxFileName = 1000;

    // The part of the text that was last searched for a mail address: [start, end) and where an address in it ends (0: nowhere).
    private int _mailRunStart;
    private int _mailRunEnd;
    private int _mailAt;
    private int _mailEnd;

    private void MatchAddresses(int at)
    {
        var c = _text[at];
        if (char.IsAsciiLetterOrDigit(c) || c is '<' or '&')
            MatchMail(at);
        if (c is 'h' or 'H' && (StartsWith(at, "http://") || StartsWith(at, "https://")))
            Offer(TailEnd(At(at + 4) == ':' ? at + 7 : at + 8, c => !IsUrlStop(c) && c is not ('{' or '}'), at), Form.Raw);
        if (IsHostChar(c))
            MatchHost(at);
        if (c is 'w' or 'W' && StartsWith(at, "www."))
            MatchWww(at);
        if (PtbCharacters.IsLetterOrDigit(c))
            MatchFileName(at);
        if (c == '@' && (char.IsAsciiLetter(At(at + 1)) || At(at + 1) == '_'))
            Offer(Run(at + 1, static x => char.IsAsciiLetterOrDigit(x) || x == '_'), Form.Raw);
        if (c == '#' && Is(at + 1, PtbCharacters.IsLetter))
            Offer(Run(at + 1, PtbCharacters.IsLetter), Form.Raw);
    }

    private static bool IsUrlStop(char c) => c is ' ' or '\t' or '\n' or '\f' or '\r' or '"' or '<' or '>' or '|' or '(' or ')';

    private static bool IsUrlLast(char c) => !IsUrlStop(c) && c is not ('.' or '!' or '?' or '{' or '}' or ',' or '-');

    // At least two characters of a class, the last of which ends no sentence: the end, or `none`.
    private int TailEnd(int at, Func<char, bool> inside, int none)
    {
        var end = Run(at, inside);
        while (end > at && !IsUrlLast(_text[end - 1]))
            end--;
        return end >= at + 2 ? end : none;
    }

    private int PathEnd(int host) => At(host) == '/' ? TailEnd(host + 1, static c => !IsUrlStop(c), host) : host;

    private static bool IsHostChar(char c) =>
        c is not (' ' or '\t' or '\n' or '\f' or '\r' or '"' or '`' or '\'' or '<' or '>' or '|' or '.' or '!' or '?' or '(' or ')' or '{' or '}' or '$')
        && c is not (>= ',' and <= '_') && PtbCharacters.Of(c) is PtbCharacters.Kind.Letter;

    // lower-case.names.com and a path
    private void MatchHost(int at)
    {
        var end = Run(at, IsHostChar);
        while (end > at && At(end) == '.')
        {
            foreach (var domain in (ReadOnlySpan<string>)["com", "net", "org", "edu"])
            {
                if (StartsWith(end + 1, domain))
                    Offer(PathEnd(end + 4), Form.Raw);
            }

            var next = Run(end + 1, IsHostChar);
            if (next == end + 1)
                break;
            end = next;
        }
    }

    private void MatchWww(int at)
    {
        static bool Inside(char c) => !IsUrlStop(c) && c is not ('.' or '!' or '?' or '{' or '}' or ',');
        var end = Run(at + 4, Inside);
        while (end > at + 4 && At(end) == '.')
        {
            var letters = Math.Min(AsciiLetters(end + 1), end + 5);
            if (letters >= end + 3)
                Offer(PathEnd(letters), Form.Raw);
            var next = Run(end + 1, Inside);
            if (next == end + 1)
                break;
            end = next;
        }
    }

    private void MatchFileName(int at)
    {
        var end = Run(at, PtbCharacters.IsLetterOrDigit);
        while (At(end) is '.' or '-' && end - at < MaxFileName)
        {
            var next = Run(end + 1, PtbCharacters.IsLetterOrDigit);
            if (next == end + 1)
                return;
            if (_text[end] == '.' && (next == _text.Length ? '\0' : _text[next]) is ' ' or '\t' or '\n' or '\u00A0' or '.' or '?' or '!' or ',' or '"' or '\'' or '<'
                && s_fileExtensions.Contains(_text[(end + 1)..next], StringComparer.OrdinalIgnoreCase))
            {
                Offer(next, Form.Raw, next + 1);
            }

            end = next;
        }
    }

    private static bool IsMailChar(char c) =>
        c is not (' ' or '\t' or '\n' or '\f' or '\r' or '"' or '<' or '>' or '|' or '(' or ')' or '{' or '}' or '\u00A0');

    private void MatchMail(int at)
    {
        var start = _text[at] == '<' ? at + 1 : StartsWith(at, "&lt;") ? at + 4 : at;
        if (!char.IsAsciiLetterOrDigit(At(start)))
            return;
        if (start < _mailRunStart || start >= _mailRunEnd)
            FindMail(start);
        if (_mailAt <= start)
            return;
        var end = _mailEnd;
        if (At(end) == '>')
            end++;
        else if (StartsWith(end, "&gt;"))
            end += 4;
        Offer(end, Form.Raw);
    }

    // The last @ of the run that a domain follows reaches furthest, for every start before it.
    private void FindMail(int start)
    {
        _mailRunStart = start;
        _mailRunEnd = Run(start, IsMailChar);
        _mailAt = 0;
        for (var i = _mailRunEnd - 2; i > start && _mailAt == 0; i--)
        {
            if (_text[i] != '@' || _text[i + 1] == '.')
                continue;
            _mailAt = i;
            var end = i + 1;
            while (end < _mailRunEnd && (_text[end] != '.' || (end + 1 < _mailRunEnd && _text[end + 1] != '.')))
                end++;
            _mailEnd = end;
        }
    }
}
