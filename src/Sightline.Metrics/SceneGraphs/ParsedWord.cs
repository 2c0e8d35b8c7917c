namespace Sightline.Metrics.SceneGraphs;

/// <summary>A word of a parsed sentence: as written, its Penn Treebank tag, its lemma.</summary>
internal sealed record ParsedWord(string Text, string Tag, string Lemma);
