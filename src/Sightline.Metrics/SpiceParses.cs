using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Sightline.Metrics.IO;
using Sightline.Metrics.SceneGraphs;

namespace Sightline.Metrics;

/// <summary>
/// The scene-graph tuples of captions, from a file of parses: one JSON object a line, gzip or plain, with <c>caption</c> (as tokenized for scoring)
/// and either <c>tuples</c> or <c>sentences</c>, the parses. Tuples are taken as they are. A sentence has <c>tokens</c> (word, Penn Treebank tag,
/// lemma), <c>edges</c> (governor, relation, dependent: Stanford's collapsed, CC-processed dependencies, positions from 1) and <c>roots</c>; other
/// fields are not read. SPICE's rules then make the tuples; docs/metrics.md says how far they are SPICE 1.0's.
/// </summary>
public sealed class SpiceParses
{
    private const int MaxLine = 1 << 24;
    private const int MaxTuples = 100_000;

    private readonly Dictionary<string, IReadOnlyList<IReadOnlyList<string>>> _tuples;

    /// <summary>Takes tuples that are already in memory, by tokenized caption: (object), (object, attribute) or (subject, object, relation).</summary>
    public SpiceParses(IReadOnlyDictionary<string, IReadOnlyList<IReadOnlyList<string>>> tuples)
    {
        ArgumentNullException.ThrowIfNull(tuples);
        _tuples = new(tuples, StringComparer.Ordinal);
    }

    /// <summary>The number of captions.</summary>
    public int Count => _tuples.Count;

    /// <summary>How many of them had no tuples in the file, so that theirs come from the dependencies.</summary>
    public int FromDependencies { get; private init; }

    /// <summary>The tuples of a tokenized caption, or null if it was not parsed.</summary>
    public IReadOnlyList<IReadOnlyList<string>>? Find(string caption) => _tuples.GetValueOrDefault(caption);

    /// <summary>Reads a file of parses.</summary>
    /// <exception cref="MetricsException">The file cannot be read or a line is of another form.</exception>
    public static SpiceParses Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var tuples = new Dictionary<string, IReadOnlyList<IReadOnlyList<string>>>(StringComparer.Ordinal);
        var number = 0;
        var parsed = 0;
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            var isGzip = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
            file.Position = 0;
            using var reader = new StreamReader(isGzip ? new GZipStream(file, CompressionMode.Decompress) : file, Encoding.UTF8);
            while (reader.ReadLine() is { } line)
            {
                number++;
                if (line.Length > MaxLine)
                    throw new MetricsException($"{path}: line {number} has {line.Length} characters; at most {MaxLine} are read.");
                if (line.Length > 0 && Read(line, tuples))
                    parsed++;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new MetricsException($"{path}: cannot be read ({e.Message.ReplaceLineEndings(" ")}).", e);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or IndexOutOfRangeException)
        {
            var reason = e is FormatException ? $" ({e.Message})" : "";
            throw new MetricsException($"{path}: line {number} is not a parse{reason}; expected {{\"caption\": …, \"tuples\": [[…], …]}} or {{\"caption\": …, \"sentences\": [{{\"tokens\", \"edges\", \"roots\"}}, …]}}.", e);
        }

        return new SpiceParses(tuples) { FromDependencies = parsed };
    }

    /// <summary>The tuples that the rules make of the parses of a line, whether or not the line has tuples.</summary>
    internal static List<IReadOnlyList<string>> FromSentences(JsonElement line)
    {
        var tuples = new List<IReadOnlyList<string>>();
        foreach (var sentence in line.GetProperty("sentences").EnumerateArray())
        {
            tuples.AddRange(TupleRules.Apply(DependencyReader.Read(sentence)));
            if (tuples.Count > MaxTuples)
                throw new FormatException($"more than {MaxTuples} tuples");
        }

        return tuples;
    }

    // Whether the tuples come from the dependencies.
    private static bool Read(string line, Dictionary<string, IReadOnlyList<IReadOnlyList<string>>> tuples)
    {
        using var document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 64 });
        var root = document.RootElement;
        var caption = BoundedJson.Text(root.GetProperty("caption"));
        var isGiven = root.TryGetProperty("tuples", out var given);
        tuples[caption] = isGiven ? Given(given) : FromSentences(root);
        return !isGiven;
    }

    private static List<IReadOnlyList<string>> Given(JsonElement tuples)
    {
        var list = new List<IReadOnlyList<string>>();
        foreach (var tuple in tuples.EnumerateArray())
        {
            string[] words = [.. tuple.EnumerateArray().Select(BoundedJson.Text)];
            if (words.Length is < 1 or > 3)
                throw new FormatException($"a tuple has {words.Length} parts");
            list.Add(words);
        }

        return list;
    }
}
