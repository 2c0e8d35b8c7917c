namespace Sightline.Metrics.SceneGraphs;

/// <summary>
/// From dependencies to tuples: (object), (object, attribute), (subject, object, relation), as SPICE 1.0 makes them. The kinds of rules are those of
/// the papers; what exactly each takes was found by comparison with the golden files (docs/metrics.md).
/// </summary>
/// <remarks>
/// Schuster, Krishna, Chang, Fei-Fei, Manning, "Generating semantically precise scene graphs from textual descriptions for improved image retrieval",
/// VL 2015; Anderson, Fernando, Johnson, Gould, "SPICE: semantic propositional image caption evaluation", ECCV 2016.
/// </remarks>
internal sealed class TupleRules
{
    private readonly DependencyGraph _graph;
    private readonly List<IReadOnlyList<string>> _tuples = [];

    private TupleRules(DependencyGraph graph) => _graph = graph;

    /// <summary>The tuples of one sentence, in the order in which SPICE merges them; a tuple may occur more than once.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Apply(DependencyGraph sentence)
    {
        var rules = new TupleRules(Pronouns.Resolve(QuantifiedNouns.Raise(sentence)));
        rules.Clauses();
        rules.Predicates();
        rules.Attributes("amod");
        rules.Passives();
        rules.Prepositions();
        rules.Possessions();
        rules.Numbers();
        rules.Attributes("compound");
        rules.Objects();
        return rules._tuples;
    }

    // "A dog chases a ball", "a dog sits on a mat", "a dog chasing a ball", "a dog followed by a boy".
    private void Clauses()
    {
        foreach (var (subject, verb, relation) in Subjects())
        {
            foreach (var (target, preposition) in ClauseObjects(subject, verb, relation))
                Add(_graph.Lemma(subject), _graph.Lemma(target), preposition.Length == 0 ? Verb(verb) : $"{Verb(verb)} {preposition}");
        }
    }

    // "A dog sleeps", "the dog is black", "the dog is on the mat".
    private void Predicates()
    {
        foreach (var (subject, predicate, relation) in Subjects().Where(x => x.Relation == "nsubj"))
        {
            WordNode[] prepositions = [.. _graph.Dependents(predicate, "case")];
            if (!IsCopular(predicate))
            {
                if (!ClauseObjects(subject, predicate, relation).Any() && _graph.Lemma(predicate) != "be" && (_graph.IsNoun(subject) || !_graph.IsVerb(predicate)))
                    Add(_graph.Lemma(subject), _graph.Lemma(predicate));
            }
            else if (prepositions.Length > 0)
            {
                var words = prepositions.Concat(prepositions.SelectMany(x => _graph.Dependents(x, "mwe"))).OrderBy(x => x.Word).Select(_graph.Lemma);
                if (_graph.IsNoun(subject))
                    Add(_graph.Lemma(subject), _graph.Lemma(predicate), string.Join(' ', words));
            }
            else if (_graph.IsNoun(subject) || !_graph.IsNoun(predicate))
            {
                Add(_graph.Lemma(subject), _graph.Lemma(predicate));
            }
        }
    }

    private void Attributes(string relation)
    {
        foreach (var (noun, _, attribute) in Having(relation).Where(x => relation != "compound" || _graph.IsNoun(x.Dependent)))
            Add(_graph.Lemma(noun), _graph.Lemma(attribute));
    }

    // "A dog is followed by a boy": the boy follows.
    private void Passives()
    {
        foreach (var (verb, _, subject) in Having("nsubjpass").Where(x => _graph.IsNoun(x.Dependent)))
        {
            foreach (var agent in _graph.Dependents(verb, "nmod:agent").Where(_graph.IsNoun))
                Add(_graph.Lemma(agent), _graph.Lemma(subject), Verb(verb));
        }
    }

    // "A dog on a mat".
    private void Prepositions()
    {
        foreach (var dependency in _graph.Dependencies.Where(x => _graph.IsNoun(x.Governor)))
        {
            if (dependency.Preposition is { } preposition)
                Add(_graph.Lemma(dependency.Governor), _graph.Lemma(dependency.Dependent), preposition);
        }
    }

    // "A boy's dog".
    private void Possessions()
    {
        foreach (var (thing, _, owner) in Having("nmod:poss").Where(x => _graph.IsNoun(x.Governor) && _graph.IsNoun(x.Dependent)))
            Add(_graph.Lemma(owner), _graph.Lemma(thing), "have");
    }

    // Numbers count with plurals only; of several ("11 and a half ounces") the last.
    private void Numbers()
    {
        foreach (var (noun, _, number) in Having("nummod").Where(x => _graph.IsPlural(x.Governor)).GroupBy(x => x.Governor).Select(x => x.Last()))
            Add(_graph.Lemma(noun), _graph.Lemma(number));
    }

    // Nouns; neither part of "tennis court" stands alone.
    private void Objects()
    {
        var parts = Having("compound").Where(x => _graph.IsNoun(x.Dependent)).SelectMany(x => new[] { x.Governor, x.Dependent }).ToHashSet();
        foreach (var noun in _graph.Nodes.Where(x => _graph.IsNoun(x) && !parts.Contains(x)))
            Add(_graph.Lemma(noun));
    }

    private IEnumerable<(WordNode Subject, WordNode Predicate, string Relation)> Subjects()
    {
        foreach (var (governor, relation, dependent) in _graph.Dependencies)
        {
            if (relation == "nsubj")
                yield return (dependent, governor, relation);
            else if (relation == "acl")
                yield return (governor, dependent, relation);
        }
    }

    // The objects of a clause, each with its preposition ("" for direct ones and agents).
    private IEnumerable<(WordNode Target, string Preposition)> ClauseObjects(WordNode subject, WordNode verb, string relation)
    {
        var hasSubject = _graph.IsNoun(subject) || (relation == "acl" && _graph[subject].Tag is "CD" or "DT");
        if (!hasSubject || IsCopular(verb) || (relation == "acl" && !_graph.IsVerb(verb)))
            yield break;
        foreach (var dependency in _graph.From(verb).Where(x => _graph.IsNoun(x.Dependent)))
        {
            if (dependency.Relation is "dobj" or "iobj" or "nmod:agent")
                yield return (dependency.Dependent, "");
            else if (dependency.Preposition is { } preposition)
                yield return (dependency.Dependent, preposition);
        }
    }

    private IEnumerable<Dependency> Having(string relation) => _graph.Dependencies.Where(x => x.Relation == relation);

    private bool IsCopular(WordNode predicate) => _graph.Dependents(predicate, "cop").Any();

    // With its particles: "hang up".
    private string Verb(WordNode verb) => string.Join(' ', _graph.Dependents(verb, "compound:prt").Select(_graph.Lemma).Prepend(_graph[verb].Lemma));

    private void Add(params string[] tuple) => _tuples.Add(tuple);
}
