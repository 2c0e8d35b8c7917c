namespace Sightline.Metrics.SceneGraphs;

/// <summary>A word in the graph. Collapsed dependencies may copy a word ("to and from school"); <paramref name="Copy"/> is then above 0.</summary>
/// <param name="Word">The position in the sentence, from 1.</param>
/// <param name="Copy">0 for the word itself.</param>
internal readonly record struct WordNode(int Word, int Copy);
