namespace Sightline.Metrics.SceneGraphs;

/// <summary>A word with its Penn-Treebank tag and lemma.</summary>
internal sealed record ParsedToken(string Word, string Tag, string Lemma);

/// <summary>A collapsed, CC-processed dependency. A node is a token number from 1 on; a copy of a token has primes behind it.</summary>
internal sealed record Dependency(string Governor, string Relation, string Dependent);

/// <summary>One sentence of a parse.</summary>
internal sealed record ParsedSentence(IReadOnlyList<ParsedToken> Tokens, IReadOnlyList<Dependency> Dependencies);
