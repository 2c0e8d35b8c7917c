using System.Text;

namespace Sightline.Tokenization;

/// <summary>The merges of a byte-level BPE in order of rank, each as <c>"left right"</c>. Text is parsed only when the merges are first needed.</summary>
internal sealed class MergeRules
{
    private const string Version = "#version";

    private readonly Lazy<string[]> _rules;

    public MergeRules(string source, Func<IEnumerable<string>> lines)
    {
        Source = source;
        _rules = new Lazy<string[]>(() => Distinct(lines()));
    }

    /// <summary>Names the file in messages.</summary>
    public string Source { get; }

    /// <summary>Each <c>"left right"</c>, the first merged first.</summary>
    public IReadOnlyList<string> Rules => _rules.Value;

    /// <summary>The lines of merges.txt; a first line that begins with #version, and empty lines, are no merges.</summary>
    /// <exception cref="ConfigurationException">Not UTF-8, or a line without exactly two parts (raised when the merges are first used).</exception>
    public static MergeRules FromText(string source, byte[] utf8) => new(source, () => Parse(source, utf8));

    /// <summary>Splits a rule into its two parts.</summary>
    /// <exception cref="ConfigurationException">Not exactly two parts.</exception>
    public static (string Left, string Right) Split(string source, int number, string rule)
    {
        var blank = rule.IndexOf(' ', StringComparison.Ordinal);
        if (blank <= 0 || blank == rule.Length - 1 || rule.IndexOf(' ', blank + 1) >= 0)
            throw new ConfigurationException($"{source}: merge {number} is {Vocabulary.Quote(rule)}; two tokens with one blank between them were expected.");
        return (rule[..blank], rule[(blank + 1)..]);
    }

    /// <summary>Checks that both parts and the result of every merge are in the vocabulary.</summary>
    /// <exception cref="ConfigurationException">A part or result is unknown.</exception>
    public void Check(Vocabulary vocabulary)
    {
        for (var i = 0; i < Rules.Count; i++)
        {
            var (left, right) = Split(Source, i + 1, Rules[i]);
            foreach (var token in (ReadOnlySpan<string>)[left, right, left + right])
            {
                if (vocabulary.IdOf(token) is null)
                    throw new ConfigurationException($"{Source}: merge {i + 1} ({Vocabulary.Quote(Rules[i])}) needs the token {Vocabulary.Quote(token)}, which the vocabulary lacks. Do the files belong together?");
            }
        }
    }

    private static IEnumerable<string> Parse(string source, byte[] utf8)
    {
        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(utf8);
        }
        catch (DecoderFallbackException e)
        {
            throw new ConfigurationException($"{source}: not UTF-8 at byte {e.Index}.", e);
        }

        var lines = text.TrimStart('\uFEFF').Split('\n');
        return lines.Skip(lines[0].StartsWith(Version, StringComparison.Ordinal) ? 1 : 0)
            .Select(line => line.TrimEnd('\r', ' '))
            .Where(line => line.Length > 0);
    }

    // Of two equal merges the later rank counts, as in a Python dict built from the list.
    private static string[] Distinct(IEnumerable<string> lines)
    {
        var all = lines.ToArray();
        var seen = new HashSet<string>(all.Length);
        var result = new List<string>(all.Length);
        for (var i = all.Length - 1; i >= 0; i--)
        {
            if (seen.Add(all[i]))
                result.Add(all[i]);
        }

        result.Reverse();
        return [.. result];
    }
}
