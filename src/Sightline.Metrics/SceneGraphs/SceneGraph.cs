namespace Sightline.Metrics.SceneGraphs;

/// <summary>Objects, their attributes and relations; what means the same is one node.</summary>
internal sealed class SceneGraph
{
    private readonly List<(Concept Object, List<Concept> Attributes)> _nodes = [];
    private readonly List<(Concept Subject, Concept Relation, Concept Object)> _relations = [];

    /// <summary>Adds tuples: (object), (object, attribute) or (subject, object, relation).</summary>
    public void Add(IEnumerable<IReadOnlyList<string>> tuples)
    {
        foreach (var tuple in tuples)
        {
            var subject = Node(tuple[0]);
            if (tuple.Count == 2)
                AddAttribute(subject.Attributes, new Concept(tuple[1]));
            else if (tuple.Count == 3)
                AddRelation(subject.Object, Node(tuple[1]).Object, new Concept(Relation(tuple[2])));
        }
    }

    /// <summary>The merged tuples: (object), (object, attribute), (subject, relation, object).</summary>
    public List<Concept[]> Tuples()
    {
        var tuples = new List<Concept[]>();
        foreach (var (node, attributes) in _nodes)
        {
            tuples.Add([node]);
            tuples.AddRange(attributes.Select(attribute => new[] { node, attribute }));
        }

        tuples.AddRange(_relations.Select(x => new[] { x.Subject, x.Relation, x.Object }));
        return tuples;
    }

    private static string Relation(string text) => text.StartsWith("be ", StringComparison.Ordinal) ? text[3..] : text;

    // The node that has the word, else the first of those that share most synsets, else a new one.
    private (Concept Object, List<Concept> Attributes) Node(string word)
    {
        foreach (var node in _nodes)
        {
            if (node.Object.Has(word))
                return node;
        }

        var concept = new Concept(word);
        var best = -1;
        var most = 0;
        for (var i = 0; i < _nodes.Count; i++)
        {
            if (_nodes[i].Object.Overlap(concept) is var shared && shared > most)
                (best, most) = (i, shared);
        }

        if (best >= 0)
        {
            _nodes[best].Object.Merge(concept);
            return _nodes[best];
        }

        _nodes.Add((concept, []));
        return _nodes[^1];
    }

    private static void AddAttribute(List<Concept> attributes, Concept attribute)
    {
        if (attributes.Find(attribute.IsLike) is { } known)
            known.Merge(attribute);
        else
            attributes.Add(attribute);
    }

    private void AddRelation(Concept subject, Concept target, Concept relation)
    {
        foreach (var known in _relations)
        {
            if (known.Subject == subject && known.Object == target && known.Relation.IsLike(relation))
            {
                known.Relation.Merge(relation);
                return;
            }
        }

        _relations.Add((subject, relation, target));
    }
}
