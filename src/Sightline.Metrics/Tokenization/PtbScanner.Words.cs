namespace Sightline.Metrics.Tokenization;

// Words, contractions, compounds and abbreviations.
internal sealed partial class PtbScanner
{
    private static readonly string[] s_apostropheWords =
    [
        "Dunkin'", "somethin'", "ol'", "cont'd", "c'mon", "c'est", "e'er", "s'mores", "ev'ry", "li'l", "nat'l", "nor'easter", "o'o", "cap'n",
    ];

    private static readonly string[] s_apostropheFirst = ["em", "till", "til", "cause"];

    // The run of letters, digits, periods and commas that was last looked through, kept so that a long one is read once.
    private int _compoundRunStart;
    private int _compoundRunEnd;

    /// <summary>The length of the first part of a word that is split in two (can-not, gon-na, …), 0 for any other.</summary>
    private static int AssimilatedPart(ReadOnlySpan<char> word)
    {
        foreach (var whole in (ReadOnlySpan<string>)["cannot", "gonna", "gotta", "lemme", "gimme", "wanna"])
        {
            if (word.Equals(whole, StringComparison.OrdinalIgnoreCase))
                return whole.Length - (whole == "cannot" ? 3 : 2);
        }

        return 0;
    }

    private void MatchWords(int at)
    {
        var letters = AsciiLetters(at);
        if (letters > at + 1 && _text[letters - 1] is 'n' or 'N' && NegationEnd(letters - 1) is var seen and > 0)
            Offer(letters - 1, Form.Word, seen);
        if (letters == at + 1 && _text[at] is 'n' or 'N' && NegationEnd(at) is var negation and > 0 && negation < _text.Length && !char.IsAsciiLetter(_text[negation]))
            Offer(negation, Form.Clitic, negation + 1);

        var word = WordEnd(at);
        if (word > at && CliticEnd(word) is var clitic and > 0)
            Offer(word, Form.Word, clitic);
        MatchApostropheWord(at);
        for (var length = 5; length <= 6 && at + length <= _text.Length; length++)
        {
            if (AssimilatedPart(_text.AsSpan(at, length)) is var first and > 0)
                Offer(at + first, Form.Raw, at + length);
        }

        if (word > at)
        {
            MatchEndingAbbreviation(at);
            Offer(word, Form.Word);
        }

        var beforePeriod = word > at ? word : Run(at, PtbCharacters.IsLetterOrDigit);
        if (At(beforePeriod) == '.' && At(beforePeriod + 1) is ',' or ';' or ':' && Digits(at) < beforePeriod)
            Offer(beforePeriod + 1, Form.Word, beforePeriod + 2);

        Offer(CompoundEnd(at), Form.Word);
        Offer(AsciiCompoundEnd(at), Form.Word);
        Offer(SlashedEnd(at), Form.Raw);
        Offer(AmpersandEnd(at), Form.Word);
        if (_text[at] is 'C' or 'F' or 'c' or 'f' && At(at + 1) == '#' && char.IsAsciiLetterUpper(_text[at]))
            Offer(at + 2, Form.Raw);
        if (_text[at] is 'C' or 'c' && At(at + 1) == '+' && At(at + 2) == '+')
            Offer(at + 3, Form.Raw);
    }

    // n't after the n at `at`: the end, or 0.
    private int NegationEnd(int at)
    {
        var apostrophe = LooseApostrophe(at + 1);
        return apostrophe > 0 && At(at + 1 + apostrophe) is 't' or 'T' ? at + apostrophe + 2 : 0;
    }

    // 's, 'm, 'd, 're, 've, 'll at `at`: the end, or 0.
    private int CliticEnd(int at)
    {
        var apostrophe = Apostrophe(at);
        if (apostrophe == 0)
            return 0;
        var next = at + apostrophe;
        if (StartsWith(next, "re") || StartsWith(next, "ve") || StartsWith(next, "ll"))
            return next + 2;
        return At(next) is 's' or 'm' or 'd' or 'S' or 'M' or 'D' ? next + 1 : 0;
    }

    // Letters and digits from a letter on, further such parts joined by . ! or ?
    private int WordEnd(int at)
    {
        if (!PtbCharacters.IsLetter(At(at)))
            return at;
        var end = Run(at, PtbCharacters.IsLetterOrDigit);
        while (At(end) is '.' or '!' or '?' && Is(end + 1, PtbCharacters.IsLetter))
            end = Run(end + 1, PtbCharacters.IsLetterOrDigit);
        return end;
    }

    // Words that hold an apostrophe and stay whole: O'Neil, Hawai'i, ma'am.
    private void MatchApostropheWord(int at)
    {
        var letters = Run(at, PtbCharacters.IsLetter);
        var apostrophe = LooseApostrophe(letters);
        if (apostrophe == 0)
            return;
        var rest = letters + apostrophe;
        if (letters == at + 1)
        {
            if (_text[at] is (>= 'A' and <= 'Z' and not ('I' or 'Y')) or 'n')
            {
                var end = Run(rest, PtbCharacters.IsLetter);
                if (end >= rest + 2)
                    Offer(end, Form.Raw);
            }

            if (Apostrophe(letters) == 1 && _text[at] is 'l' or 'L' or 'd' or 'D' or 'j' or 'J' or 'y')
                Offer(rest, Form.Raw);
        }
        else if (_text[letters - 1] is 'a' or 'e' or 'i' or 'o' or 'u' or 'y' or 'A' or 'E' or 'I' or 'O' or 'U' or 'Y'
                 && At(rest) is 'a' or 'e' or 'i' or 'o' or 'u' or (>= 'A' and <= 'Z'))
        {
            Offer(Run(rest, PtbCharacters.IsLetter), Form.Raw);
        }

        foreach (var whole in s_apostropheWords)
        {
            var split = whole.IndexOf('\'', StringComparison.Ordinal);
            if (Apostrophe(letters) > 0 && letters - at == split && StartsWith(at, whole[..split]) && StartsWith(rest, whole[(split + 1)..]))
            {
                var end = rest + whole.Length - split - 1;
                Offer(whole == "cont'd" && At(end) == '.' ? end + 1 : end, Form.Raw);
            }
        }
    }

    // Letters and digits, parts joined by hyphens; a part may begin as o'clock and l'eau do.
    private int CompoundEnd(int at)
    {
        var end = CompoundPart(at);
        while (end > at && Is(end, PtbCharacters.IsHyphen) && CompoundPart(end + 1) is var next && next > end + 1)
        {
            if (CliticEnd(end + 2) is var clitic and > 0)
                Offer(end + 2, Form.Word, clitic);
            end = next;
        }

        return end;
    }

    private int CompoundPart(int at)
    {
        if (At(at) is 'd' or 'D' or 'o' or 'O' or 'l' or 'L' && LooseApostrophe(at + 1) is var apostrophe and > 0
            && Is(at + 1 + apostrophe, PtbCharacters.IsLetterOrDigit))
        {
            return Run(at + 1 + apostrophe, PtbCharacters.IsLetterOrDigit);
        }

        return Run(at, PtbCharacters.IsLetterOrDigit);
    }

    // ASCII compounds whose first part may hold periods and commas and whose others may be acronyms: U.S.-made, a.m.-p.m.
    private int AsciiCompoundEnd(int at)
    {
        if (!char.IsAsciiLetterOrDigit(_text[at]))
            return at;
        if (at < _compoundRunStart || at >= _compoundRunEnd)
        {
            _compoundRunStart = _compoundRunEnd = at;
            while (_compoundRunEnd < _text.Length
                   && (char.IsAsciiLetterOrDigit(_text[_compoundRunEnd]) || _text[_compoundRunEnd] is '.' or ',' or PtbCharacters.SoftHyphen))
            {
                _compoundRunEnd++;
            }
        }

        var end = _compoundRunEnd;
        var best = at;
        while (At(end) == '-')
        {
            var part = end + 1;
            while (part < _text.Length && (char.IsAsciiLetterOrDigit(_text[part]) || _text[part] == PtbCharacters.SoftHyphen))
                part++;
            var acronym = AcronymEnd(end + 1, minimumLetters: 2);
            if (part == end + 1)
                break;
            end = best = Math.Max(part, acronym);
        }

        return best;
    }

    // Letters with a period after each: the end, or `at`.
    private int AcronymEnd(int at, int minimumLetters)
    {
        var end = at;
        var letters = 0;
        while (char.IsAsciiLetter(At(end)) && At(end + 1) == '.')
        {
            end += 2;
            letters++;
        }

        return letters >= minimumLetters ? end : at;
    }

    // and/or, TV/DVD, a-b/c: at most three parts.
    private int SlashedEnd(int at)
    {
        var end = SlashedPart(at);
        if (end == at)
            return at;
        var best = at;
        for (var parts = 0; parts < 2; parts++)
        {
            var slash = At(end) == '\\' && At(end + 1) == '/' ? end + 2 : At(end) == '/' ? end + 1 : 0;
            if (slash == 0 || SlashedPart(slash) is var next && next == slash)
                break;
            end = best = next;
        }

        return best;
    }

    private int SlashedPart(int at)
    {
        var end = AsciiLettersOrDigits(at);
        if (end == at)
            return at;
        for (var hyphens = 0; hyphens < 2 && At(end) == '-' && char.IsAsciiLetter(At(end + 1)); hyphens++)
            end = AsciiLetters(end + 1);
        return end;
    }

    // AT&T: capital letters on both sides.
    private int AmpersandEnd(int at)
    {
        var end = Run(at, char.IsAsciiLetterUpper);
        if (end == at)
            return at;
        var best = at;
        while (At(end) == '&')
        {
            var after = StartsWith(end, "&amp;") ? end + 5 : end + 1;
            var next = Run(after, char.IsAsciiLetterUpper);
            if (next == after)
                break;
            end = best = next;
        }

        return best;
    }

    private void MatchAbbreviations(int at)
    {
        MatchAcronym(at);
        var letters = AsciiLetters(at);
        if (letters == at || At(letters) != '.')
            return;
        var end = letters + 1;
        var word = _text.AsSpan(at, letters - at);
        if (word.Equals("Ph", StringComparison.OrdinalIgnoreCase) || word.Equals("Ed", StringComparison.OrdinalIgnoreCase))
        {
            if (StartsWith(end, "D."))
                OfferSentenceEnding(end + 2);
        }

        if (PtbAbbreviations.BeforeNames(word))
            Offer(end, Form.Raw);
        if (PtbAbbreviations.BeforeNumbers(word) && DigitAfterBlank(end) is var digit and > 0)
            Offer(end, Form.Raw, digit);
        if (PtbAbbreviations.BeforeLimited(word) && PtbCharacters.Of(At(end)) == PtbCharacters.Kind.Space
            && (StartsWith(end + 1, "ltd") || StartsWith(end + 1, "lim")))
        {
            Offer(end, Form.Raw, end + 4);
        }
    }

    // Inc., Jan., etc.: within a sentence only if something follows, so that at the end of the text the period is given again.
    private void MatchEndingAbbreviation(int at)
    {
        var letters = AsciiLetters(at);
        if (At(letters) == '.' && PtbAbbreviations.EndsSentences(_text.AsSpan(at, letters - at)))
            OfferSentenceEnding(letters + 1);
    }

    private void OfferSentenceEnding(int end)
    {
        if (end == _text.Length)
            Offer(end, Form.SentenceEnd);
        else
            Offer(end, Form.Raw, end + 1);
        if (!Is(end, PtbCharacters.IsSpace))
            return;
        if (Is(end + 1, PtbCharacters.IsSpace) || char.IsUpper(At(end + 1)))
            Offer(end, Form.SentenceEnd, end + 2);
        else if (At(end + 1) == '<' && TagEnd(end + 1) is var tag && tag > end + 1)
            Offer(end, Form.SentenceEnd, tag);
    }

    private int DigitAfterBlank(int at)
    {
        var next = Is(at, PtbCharacters.IsSpace) ? at + 1 : at;
        return Is(next, PtbCharacters.IsDigit) ? next + 1 : 0;
    }

    // Single letters with periods. Before a word that begins sentences, U.S. ends one and the period of a lone letter is its own token.
    private void MatchAcronym(int at)
    {
        var end = AcronymEnd(at, minimumLetters: 1);
        if (end == at)
            return;
        Offer(end, Form.Raw);
        if (!Is(end, PtbCharacters.IsSpace))
            return;
        var next = Run(end, PtbCharacters.IsSpace);
        var word = AsciiLetters(next);
        if (word == next || !Is(word, PtbCharacters.IsSpace) || !PtbAbbreviations.BeginsSentences(_text.AsSpan(next, word - next)))
            return;
        if (end == at + 2)
            Offer(at + 1, Form.Raw, word + 1);
        else
            Offer(end, Form.SentenceEnd, word + 1);
    }
}
