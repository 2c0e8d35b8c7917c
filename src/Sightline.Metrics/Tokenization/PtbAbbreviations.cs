using System.Collections.Frozen;

namespace Sightline.Metrics.Tokenization;

/// <summary>The abbreviations that keep their period, and the words that begin sentences.</summary>
internal static class PtbAbbreviations
{
    // Ambiguous in lower case: wash, ill, mass, miss, …
    private static readonly FrozenSet<string> s_capitalOnly = Set("Az Ark Del Ill La Mass Miss Ore Pa Tex Wash", StringComparer.Ordinal);

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> s_endsSentences = Lookup("""
        Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thurs Fri
        Ala Ariz Az Ark Calif Colo Conn Ct Dak Del Fla Ga Ill Ind Kan Kans Ky La Mass Md Mich Minn Miss Mo Mont Neb Nev Okla Ore Pa Penn
        Tenn Tex Va Vt Wash Wis Wisc Wyo
        Inc Co Cos Corp Pt Pty Pte Ppty Ppte Ptys Ptes Ltd Plc Rt Bancorp Dept Bhd Assn Univ Intl Sys Bldg
        Jr Sr Bros Blvd Rd Esq etc
        """);

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> s_beforeNames = Lookup("""
        Mr Mrs Ms Miss Dr Drs Prof Profs Sen Sens Rep Reps Atty Attys Lt Col Gen Messrs Gov Govs Adm Rev Maj Sgt Cpl Pvt Capt St Ste Ave
        Pres Lieut Hon Brig Comdr Cmdr Pfc Spc Supt Supts Det Mt Ft Adj Adv Asst Assoc Ens Insp Mlle Mme Msgr Sfc
        vs Alex Wm Jos Cie cf al seq Natl Tel est sq Ph Treas
        """);

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> s_beforeNumbers = Lookup("ca fig figs prop no nos art bldg pp op");

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> s_beforeLimited = Lookup("pty pte co");

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> s_beginsSentences = Lookup("""
        A About According Additionally After An As At But Earlier He Her Here However If In It Last Many More Now Once One Other Our She
        Since So Some Such That The Their Then There These They This We When While What Yet You
        """);

    /// <summary>An abbreviation that is also the last word of a sentence when a capital letter or two blanks follow.</summary>
    public static bool EndsSentences(ReadOnlySpan<char> word) => s_endsSentences.Contains(word) && CaseFits(word);

    /// <summary>A title or other abbreviation that is taken to be within a sentence.</summary>
    public static bool BeforeNames(ReadOnlySpan<char> word) => s_beforeNames.Contains(word) && CaseFits(word);

    /// <summary>An abbreviation only before a number.</summary>
    public static bool BeforeNumbers(ReadOnlySpan<char> word) => s_beforeNumbers.Contains(word);

    /// <summary>An abbreviation within a sentence before Ltd. or Limited.</summary>
    public static bool BeforeLimited(ReadOnlySpan<char> word) => s_beforeLimited.Contains(word);

    /// <summary>A capitalised word that often begins sentences.</summary>
    public static bool BeginsSentences(ReadOnlySpan<char> word) => char.IsAsciiLetterUpper(word[0]) && s_beginsSentences.Contains(word);

    private static bool CaseFits(ReadOnlySpan<char> word) =>
        char.IsAsciiLetterUpper(word[0]) || !s_capitalOnly.Contains(char.ToUpperInvariant(word[0]) + word[1..].ToString().ToLowerInvariant());

    private static FrozenSet<string> Set(string words, StringComparer comparer) =>
        words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(comparer);

    private static FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Lookup(string words) =>
        Set(words, StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();
}
