namespace Sightline.Metrics.SceneGraphs;

/// <summary>The collapsed, CC-processed Stanford dependencies of one sentence.</summary>
internal sealed class DependencyGraph
{
    private readonly IReadOnlyList<ParsedWord> _words;
    private readonly ILookup<WordNode, Dependency> _from;

    public DependencyGraph(IReadOnlyList<ParsedWord> words, IReadOnlyList<Dependency> dependencies, IReadOnlyList<WordNode> roots)
    {
        _words = words;
        Dependencies = dependencies;
        Roots = roots;
        _from = dependencies.ToLookup(x => x.Governor);
        Nodes = [.. Enumerable.Range(1, words.Count).Select(i => new WordNode(i, 0)), .. dependencies.Select(x => x.Dependent).Where(x => x.Copy > 0).Distinct()];
    }

    /// <summary>In the order of the parse.</summary>
    public IReadOnlyList<Dependency> Dependencies { get; }

    public IReadOnlyList<WordNode> Roots { get; }

    /// <summary>Every word of the sentence, then the copies.</summary>
    public IReadOnlyList<WordNode> Nodes { get; }

    public ParsedWord this[WordNode node] => _words[node.Word - 1];

    public IEnumerable<Dependency> From(WordNode governor) => _from[governor];

    public IEnumerable<WordNode> Dependents(WordNode governor, string relation) => _from[governor].Where(x => x.Relation == relation).Select(x => x.Dependent);

    public bool IsNoun(WordNode node) => this[node].Tag.StartsWith("NN", StringComparison.Ordinal);

    public bool IsPlural(WordNode node) => this[node].Tag is "NNS" or "NNPS";

    public bool IsVerb(WordNode node) => this[node].Tag.StartsWith("VB", StringComparison.Ordinal);

    public bool IsPronoun(WordNode node) => this[node].Tag is "PRP" or "PRP$";

    public string Lemma(WordNode node) => this[node].Lemma.ToLowerInvariant();

    /// <summary>The same words with other dependencies.</summary>
    public DependencyGraph With(IReadOnlyList<Dependency> dependencies, IReadOnlyList<WordNode>? roots = null) => new(_words, dependencies, roots ?? Roots);
}
