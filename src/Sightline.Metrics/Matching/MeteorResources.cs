using System.IO.Compression;
using System.Text;

namespace Sightline.Metrics.Matching;

/// <summary>The English word lists that ship with this library: WordNet 3 synsets and exceptions, function words, non-breaking prefixes.</summary>
internal sealed class MeteorResources
{
    // WordNet's detachment rules; the first that gives a known word counts.
    private static readonly (string Ending, string Replacement)[] s_rules =
    [
        ("s", ""), ("ses", "s"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"), ("men", "man"), ("ies", "y"), ("es", "e"), ("es", ""),
        ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", ""), ("er", ""), ("est", ""), ("er", "e"), ("est", "e"),
    ];

    private static readonly Lazy<MeteorResources> s_english = new(() => new MeteorResources());

    private readonly Dictionary<string, int[]> _synsets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> _bases = new(StringComparer.Ordinal);

    private MeteorResources()
    {
        var synsets = Lines("english.synsets.br");
        for (var i = 0; i + 1 < synsets.Count; i += 2)
            _synsets.TryAdd(synsets[i], [.. synsets[i + 1].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)]);
        var exceptions = Lines("english.exceptions.br");
        for (var i = 0; i + 1 < exceptions.Count; i += 2)
        {
            foreach (var form in exceptions[i + 1].Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (!_bases.TryGetValue(form, out var bases))
                    _bases[form] = bases = [];
                bases.Add(exceptions[i]);
            }
        }

        FunctionWords = Lines("english.function.words").ToHashSet(StringComparer.Ordinal);
        var prefixes = new HashSet<string>(StringComparer.Ordinal);
        var numeric = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in Lines("english.prefixes").Where(line => line.Length > 0 && line[0] != '#'))
            (line.Contains("#NUMERIC_ONLY#", StringComparison.Ordinal) ? numeric : prefixes).Add(line.Split(' ')[0]);
        Normalizer = new MeteorNormalizer(prefixes, numeric);
    }

    public static MeteorResources English => s_english.Value;

    public IReadOnlySet<string> FunctionWords { get; }

    public MeteorNormalizer Normalizer { get; }

    /// <summary>
    /// The synsets of a word, of the words that it is an irregular form of, or else of the first word that a detachment rule gives; ascending.
    /// </summary>
    public int[] Synsets(string word)
    {
        var found = new SortedSet<int>(_synsets.GetValueOrDefault(word, []));
        if (_bases.TryGetValue(word, out var bases))
        {
            foreach (var one in bases)
                found.UnionWith(_synsets.GetValueOrDefault(one, []));
            return [.. found];
        }

        foreach (var (ending, replacement) in s_rules)
        {
            if (word.EndsWith(ending, StringComparison.Ordinal) && _synsets.TryGetValue(word[..^ending.Length] + replacement, out var synsets))
            {
                found.UnionWith(synsets);
                break;
            }
        }

        return [.. found];
    }

    /// <summary>The synsets of a word as it stands; null if it is not in WordNet.</summary>
    public int[]? OwnSynsets(string word) => _synsets.GetValueOrDefault(word);

    /// <summary>The words of which a word is an irregular form.</summary>
    public IReadOnlyList<string> Bases(string word) => _bases.TryGetValue(word, out var bases) ? bases : [];

    private static List<string> Lines(string name)
    {
        using var resource = typeof(MeteorResources).Assembly.GetManifestResourceStream($"Sightline.Metrics.Resources.{name}")!;
        using var stream = name.EndsWith(".br", StringComparison.Ordinal) ? new BrotliStream(resource, CompressionMode.Decompress) : resource;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var lines = new List<string>();
        while (reader.ReadLine() is { } line)
            lines.Add(line);
        return lines;
    }
}
