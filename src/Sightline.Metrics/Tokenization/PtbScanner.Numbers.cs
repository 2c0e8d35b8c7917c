namespace Sightline.Metrics.Tokenization;

// Numbers, dates, fractions, telephone numbers, money.
internal sealed partial class PtbScanner
{
    private void MatchNumbers(int at)
    {
        var c = _text[at];
        if (char.IsAsciiDigit(c))
        {
            Offer(DateEnd(at), Form.Raw);
            Offer(FractionEnd(at), Form.Joined);
        }

        if (char.IsAsciiDigit(c) || c is '+' or '(')
            Offer(TelephoneEnd(at), Form.Joined);
        if (PtbCharacters.IsDigit(c) || c is '+' or '-' or '.' or ',' or ':')
            Offer(NumberEnd(at), Form.Word);
        if (c is '¼' or '½' or '¾' or '⅓' or '⅔')
            Offer(at + 1, Form.Fraction);
        var dollar = c == '#' ? at + 1 : Run(at, char.IsAsciiLetterUpper);
        if (At(dollar) == '$')
            Offer(dollar + 1, Form.Raw);
    }

    // 1,234.56  .99  7:30  -5  +1
    private int NumberEnd(int at)
    {
        var start = _text[at] is '+' or '-' ? at + 1 : at;
        var end = Run(start, PtbCharacters.IsDigit);
        while (At(end) is '.' or ':' or ',' or PtbCharacters.SoftHyphen or '\u066B' or '\u066C' && Is(end + 1, PtbCharacters.IsDigit))
            end = Run(end + 1, PtbCharacters.IsDigit);
        return end > start ? end : at;
    }

    // 12/25/12, 12-25-2012
    private int DateEnd(int at)
    {
        var month = Digits(at);
        if (month - at > 2 || At(month) is not ('-' or '/'))
            return at;
        var day = Digits(month + 1);
        if (day == month + 1 || day - month > 3 || At(day) is not ('-' or '/'))
            return at;
        var year = Math.Min(Digits(day + 1), day + 5);
        return year - day >= 3 ? year : at;
    }

    // 1/2, 1 1/2, 8-1/2
    private int FractionEnd(int at)
    {
        var first = Digits(at);
        if (first - at > 4)
            return at;
        var plain = SimpleFractionEnd(at);
        var mixed = At(first) is '-' or ' ' or '\u00A0' ? SimpleFractionEnd(first + 1) : 0;
        return mixed > first + 1 ? mixed : plain;
    }

    private int SimpleFractionEnd(int at)
    {
        var numerator = Digits(at);
        if (numerator == at || numerator - at > 4)
            return at;
        var denominator = At(numerator) is '/' or '\u2044' ? numerator + 1
            : At(numerator) == '\\' && At(numerator + 1) == '/' ? numerator + 2 : 0;
        if (denominator == 0)
            return at;
        var end = Math.Min(Digits(denominator), denominator + 4);
        return end > denominator ? end : at;
    }

    private int TelephoneEnd(int at)
    {
        var best = at;
        if (_text[at] == '(')
        {
            var area = Digits(at + 1);
            if (area - at - 1 is not (2 or 3) || At(area) != ')')
                return at;
            var local = At(area + 1) is ' ' or '\u00A0' ? area + 2 : area + 1;
            return LocalNumberEnd(local) is var end && end > local ? end : at;
        }

        var first = at;
        if (_text[at] == '+')
            first = At(at + 1) == '+' ? at + 2 : at + 1;
        var one = Digits(first);
        if (one - first is < 2 or > 4)
            return at;
        if (At(one) is '-' or ' ' or '\u00A0')
        {
            if (LocalNumberEnd(one + 1) is var end && end > one + 1)
                best = end;
            var two = Digits(one + 1);
            if (two - one - 1 is >= 2 and <= 4 && At(two) is '-' or ' ' or '\u00A0' && LocalNumberEnd(two + 1) is var longer && longer > two + 1)
                best = longer;
        }
        else if (At(one) == '.')
        {
            var dotted = DottedNumberEnd(one + 1, _text[at] == '+' ? 1 : 0);
            if (dotted > 0)
                best = dotted;
        }

        return best;
    }

    // 123-4567, 123 4567, 1234567
    private int LocalNumberEnd(int at)
    {
        var first = Digits(at);
        var length = first - at;
        if (length is 3 or 4 && At(first) is '-' or ' ' or '\u00A0')
        {
            var second = Math.Min(Digits(first + 1), first + 6);
            return second - first - 1 >= 3 ? second : at;
        }

        return length >= 6 ? Math.Min(first, at + 9) : at;
    }

    // After "555.": 123.4567, or 12.123.4567. With a leading + the country code is not the first group.
    private int DottedNumberEnd(int at, int required)
    {
        var groups = new List<int>(3);
        var end = at;
        while (groups.Count < 3)
        {
            var digits = Digits(end);
            if (digits == end)
                break;
            groups.Add(digits);
            if (At(digits) != '.')
                break;
            end = digits + 1;
        }

        int Length(int i) => groups[i] - (i == 0 ? at : groups[i - 1] + 1);
        if (groups.Count == 3 && Length(0) is >= 2 and <= 4 && Length(1) is 3 or 4 && Length(2) >= 3)
            return Math.Min(groups[2], groups[1] + 6);
        if (required == 0 && groups.Count >= 2 && Length(0) is 3 or 4 && Length(1) >= 3)
            return Math.Min(groups[1], groups[0] + 6);
        return 0;
    }
}
