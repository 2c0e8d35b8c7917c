using Sightline.Metrics.Matching;

namespace Sightline.Metrics.SceneGraphs;

/// <summary>Words that mean one thing, with the synsets of all of them.</summary>
internal sealed class Concept
{
    private readonly SortedSet<string> _words = new(StringComparer.Ordinal);
    private readonly HashSet<int> _synsets;

    public Concept(string word)
    {
        _words.Add(word);
        _synsets = [.. MeteorResources.English.Synsets(word.Replace(' ', '_'))];
    }

    /// <summary>The words in ordinal order, separated by slashes.</summary>
    public string Name => string.Join('/', _words);

    public bool Has(string word) => _words.Contains(word);

    /// <summary>How many synsets the two share.</summary>
    public int Overlap(Concept other) => _synsets.Count(other._synsets.Contains);

    /// <summary>A word or a synset in common.</summary>
    public bool IsLike(Concept other) => _words.Overlaps(other._words) || _synsets.Overlaps(other._synsets);

    public void Merge(Concept other)
    {
        _words.UnionWith(other._words);
        _synsets.UnionWith(other._synsets);
    }
}
