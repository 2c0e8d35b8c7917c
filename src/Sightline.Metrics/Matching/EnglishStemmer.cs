namespace Sightline.Metrics.Matching;

/// <summary>The Snowball English stemmer ("Porter2"), after the published description of the algorithm.</summary>
internal static class EnglishStemmer
{
    private static readonly Dictionary<string, string> s_special = new(StringComparer.Ordinal)
    {
        ["skis"] = "ski",
        ["skies"] = "sky",
        ["dying"] = "die",
        ["lying"] = "lie",
        ["tying"] = "tie",
        ["idly"] = "idl",
        ["gently"] = "gentl",
        ["ugly"] = "ugli",
        ["early"] = "earli",
        ["only"] = "onli",
        ["singly"] = "singl",
        ["sky"] = "sky",
        ["news"] = "news",
        ["howe"] = "howe",
        ["atlas"] = "atlas",
        ["cosmos"] = "cosmos",
        ["bias"] = "bias",
        ["andes"] = "andes",
    };

    private static readonly HashSet<string> s_afterStep1a =
        new(StringComparer.Ordinal) { "inning", "outing", "canning", "herring", "earring", "proceed", "exceed", "succeed" };

    // Longest first; a step replaces the longest suffix that matches, if its condition holds.
    private static readonly (string Suffix, string Replacement)[] s_step2 =
    [
        ("ization", "ize"), ("ational", "ate"), ("fulness", "ful"), ("ousness", "ous"), ("iveness", "ive"), ("tional", "tion"), ("biliti", "ble"),
        ("lessli", "less"), ("entli", "ent"), ("ation", "ate"), ("alism", "al"), ("aliti", "al"), ("ousli", "ous"), ("iviti", "ive"), ("fulli", "ful"),
        ("enci", "ence"), ("anci", "ance"), ("abli", "able"), ("izer", "ize"), ("ator", "ate"), ("alli", "al"), ("bli", "ble"), ("ogi", "og"), ("li", ""),
    ];

    private static readonly (string Suffix, string Replacement)[] s_step3 =
    [
        ("ational", "ate"), ("tional", "tion"), ("alize", "al"), ("icate", "ic"), ("iciti", "ic"), ("ative", ""), ("ical", "ic"), ("ness", ""), ("ful", ""),
    ];

    private static readonly string[] s_step4 =
    [
        "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism", "ate", "iti", "ous", "ive", "ize", "ion", "al", "er", "ic",
    ];

    /// <summary>The stem of a lower-case word.</summary>
    public static string Stem(string word)
    {
        if (s_special.TryGetValue(word, out var special))
            return special;
        if (word.Length <= 2)
            return word;
        var text = word[0] == '\'' ? word[1..] : word;
        var chars = text.ToCharArray();
        var marked = false;
        for (var i = 0; i < chars.Length; i++)
        {
            if (chars[i] == 'y' && (i == 0 || IsVowel(chars[i - 1])))
            {
                chars[i] = 'Y';
                marked = true;
            }
        }

        text = new string(chars);
        var (region1, region2) = Regions(text);
        text = Step0(text);
        text = Step1a(text);
        if (s_afterStep1a.Contains(text))
            return text;
        text = Step1b(text, region1);
        text = Step1c(text);
        text = Step2(text, region1);
        text = Step3(text, region1, region2);
        text = Step4(text, region2);
        text = Step5(text, region1, region2);
        return marked ? text.Replace('Y', 'y') : text;
    }

    private static bool IsVowel(char c) => c is 'a' or 'e' or 'i' or 'o' or 'u' or 'y';

    private static (int R1, int R2) Regions(string text)
    {
        var first = text.StartsWith("gener", StringComparison.Ordinal) || text.StartsWith("arsen", StringComparison.Ordinal) ? 5
            : text.StartsWith("commun", StringComparison.Ordinal) ? 6 : RegionAfter(text, 0);
        return (first, RegionAfter(text, first));
    }

    private static int RegionAfter(string text, int from)
    {
        for (var i = from + 1; i < text.Length; i++)
        {
            if (!IsVowel(text[i]) && IsVowel(text[i - 1]))
                return i + 1;
        }

        return text.Length;
    }

    private static bool Ends(string text, string suffix) => text.EndsWith(suffix, StringComparison.Ordinal);

    private static bool HasVowel(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (IsVowel(c))
                return true;
        }

        return false;
    }

    private static string Step0(string text) =>
        Ends(text, "'s'") ? text[..^3] : Ends(text, "'s") ? text[..^2] : Ends(text, "'") ? text[..^1] : text;

    private static string Step1a(string text)
    {
        if (Ends(text, "sses"))
            return text[..^2];
        if (Ends(text, "ied") || Ends(text, "ies"))
            return text.Length > 4 ? text[..^2] : text[..^1];
        if (Ends(text, "us") || Ends(text, "ss") || !Ends(text, "s"))
            return text;
        return text.Length > 2 && HasVowel(text.AsSpan(0, text.Length - 2)) ? text[..^1] : text;
    }

    private static string Step1b(string text, int region1)
    {
        foreach (var suffix in (ReadOnlySpan<string>)["eedly", "eed"])
        {
            if (Ends(text, suffix))
                return text.Length - suffix.Length >= region1 ? text[..^suffix.Length] + "ee" : text;
        }

        foreach (var suffix in (ReadOnlySpan<string>)["ingly", "edly", "ing", "ed"])
        {
            if (!Ends(text, suffix))
                continue;
            var stem = text[..^suffix.Length];
            if (!HasVowel(stem))
                return text;
            if (Ends(stem, "at") || Ends(stem, "bl") || Ends(stem, "iz"))
                return stem + "e";
            if (stem.Length >= 2 && stem[^1] == stem[^2] && stem[^1] is 'b' or 'd' or 'f' or 'g' or 'm' or 'n' or 'p' or 'r' or 't')
                return stem[..^1];
            return IsShort(stem, region1) ? stem + "e" : stem;
        }

        return text;
    }

    private static bool IsShort(string text, int region1) => region1 >= text.Length && EndsInShortSyllable(text);

    private static bool EndsInShortSyllable(string text)
    {
        if (text.Length == 2)
            return IsVowel(text[0]) && !IsVowel(text[1]);
        return text.Length > 2 && !IsVowel(text[^3]) && IsVowel(text[^2]) && !IsVowel(text[^1]) && text[^1] is not ('w' or 'x' or 'Y');
    }

    private static string Step1c(string text) =>
        text.Length > 2 && text[^1] is 'y' or 'Y' && !IsVowel(text[^2]) ? text[..^1] + "i" : text;

    private static string Step2(string text, int region1)
    {
        foreach (var (suffix, replacement) in s_step2)
        {
            if (!Ends(text, suffix))
                continue;
            var at = text.Length - suffix.Length;
            if (at < region1
                || (suffix == "ogi" && (at == 0 || text[at - 1] != 'l'))
                || (suffix == "li" && (at == 0 || text[at - 1] is not ('c' or 'd' or 'e' or 'g' or 'h' or 'k' or 'm' or 'n' or 'r' or 't'))))
            {
                return text;
            }

            return text[..at] + replacement;
        }

        return text;
    }

    private static string Step3(string text, int region1, int region2)
    {
        foreach (var (suffix, replacement) in s_step3)
        {
            if (Ends(text, suffix))
                return text.Length - suffix.Length < (suffix == "ative" ? Math.Max(region1, region2) : region1) ? text : text[..^suffix.Length] + replacement;
        }

        return text;
    }

    private static string Step4(string text, int region2)
    {
        foreach (var suffix in s_step4)
        {
            if (!Ends(text, suffix))
                continue;
            var at = text.Length - suffix.Length;
            if (at < region2 || (suffix == "ion" && (at == 0 || text[at - 1] is not ('s' or 't'))))
                return text;
            return text[..at];
        }

        return text;
    }

    private static string Step5(string text, int region1, int region2)
    {
        var at = text.Length - 1;
        if (Ends(text, "e"))
            return at >= region2 || (at >= region1 && !EndsInShortSyllable(text[..at])) ? text[..at] : text;
        return Ends(text, "ll") && at >= region2 ? text[..at] : text;
    }
}
