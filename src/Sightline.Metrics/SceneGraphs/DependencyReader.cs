using System.Globalization;
using System.Text.Json;
using Sightline.Metrics.IO;

namespace Sightline.Metrics.SceneGraphs;

/// <summary>
/// Reads a sentence of a parse: <c>tokens</c> as [word, tag, lemma], <c>edges</c> as [governor, relation, dependent] with word positions from 1
/// ("5'1" is a copy of word 5), and <c>roots</c>.
/// </summary>
internal static class DependencyReader
{
    /// <summary>Words of a sentence that are read; a parser gives up long before.</summary>
    private const int MaxWords = 1_000;

    private const int MaxEdges = 4 * MaxWords;

    /// <exception cref="FormatException">A word, an edge or a root is of another form or names a word that is not there.</exception>
    public static DependencyGraph Read(JsonElement sentence)
    {
        var (tokens, dependencies) = (sentence.GetProperty("tokens"), sentence.GetProperty("edges"));
        if (tokens.GetArrayLength() > MaxWords || dependencies.GetArrayLength() > MaxEdges)
            throw new FormatException($"a sentence has {tokens.GetArrayLength()} words and {dependencies.GetArrayLength()} edges; at most {MaxWords} and {MaxEdges} are read");
        ParsedWord[] words = [.. tokens.EnumerateArray().Select(Word)];
        var edges = new List<Dependency>();
        foreach (var edge in dependencies.EnumerateArray())
        {
            var parts = Strings(edge, 3, "an edge [governor, relation, dependent]");
            edges.Add(new Dependency(Node(parts[0], words.Length), parts[1], Node(parts[2], words.Length)));
        }

        WordNode[] roots = [.. sentence.GetProperty("roots").EnumerateArray().Select(x => Inside(new WordNode(x.GetInt32(), 0), words.Length))];
        return new DependencyGraph(words, edges, roots);
    }

    private static ParsedWord Word(JsonElement token)
    {
        var parts = Strings(token, 3, "a token [word, tag, lemma]");
        return new ParsedWord(parts[0], parts[1], parts[2]);
    }

    private static string[] Strings(JsonElement array, int count, string what)
    {
        if (array.GetArrayLength() != count)
            throw new FormatException($"{what} has {array.GetArrayLength()} parts");
        return [.. array.EnumerateArray().Select(BoundedJson.Text)];
    }

    private static WordNode Node(string text, int words)
    {
        var apostrophe = text.IndexOf('\'', StringComparison.Ordinal);
        var word = apostrophe < 0 ? text : text[..apostrophe];
        var copy = apostrophe < 0 ? "0" : text[(apostrophe + 1)..];
        if (!int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var position) || !int.TryParse(copy, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            throw new FormatException($"an edge names the word '{text}', which is not a position");
        return Inside(new WordNode(position, number), words);
    }

    private static WordNode Inside(WordNode node, int words) =>
        node.Word >= 1 && node.Word <= words ? node : throw new FormatException($"word {node.Word} is named, the sentence has {words}");
}
