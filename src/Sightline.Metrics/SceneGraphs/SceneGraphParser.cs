namespace Sightline.Metrics.SceneGraphs;

/// <summary>Rules that turn dependencies into scene-graph tuples.</summary>
internal static class SceneGraphParser
{
    public static List<IReadOnlyList<string>> Tuples(ParsedSentence sentence) => throw new NotImplementedException();
}
