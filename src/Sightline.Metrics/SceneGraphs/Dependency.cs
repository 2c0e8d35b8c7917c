namespace Sightline.Metrics.SceneGraphs;

/// <summary>A dependency.</summary>
internal readonly record struct Dependency(WordNode Governor, string Relation, WordNode Dependent)
{
    /// <summary>The preposition of an <c>nmod</c> in words ("in front of"); null if there is none.</summary>
    public string? Preposition =>
        Relation.StartsWith("nmod:", StringComparison.Ordinal) && Relation is not ("nmod:poss" or "nmod:agent") ? Relation[5..].Replace('_', ' ') : null;
}
