using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Sightline.Metrics;

/// <summary>
/// The scene-graph tuples of captions, from a file of parses: one JSON object a line with <c>caption</c> (as tokenized for scoring) and
/// <c>tuples</c>, gzip or plain. Other fields, such as the dependencies, are not read.
/// </summary>
public sealed class SpiceParses
{
    private const int MaxLine = 1 << 24;

    private readonly Dictionary<string, IReadOnlyList<IReadOnlyList<string>>> _tuples;

    /// <summary>Takes tuples that are already in memory, by tokenized caption: (object), (object, attribute) or (subject, object, relation).</summary>
    public SpiceParses(IReadOnlyDictionary<string, IReadOnlyList<IReadOnlyList<string>>> tuples)
    {
        ArgumentNullException.ThrowIfNull(tuples);
        _tuples = new(tuples, StringComparer.Ordinal);
    }

    /// <summary>The number of captions.</summary>
    public int Count => _tuples.Count;

    /// <summary>The tuples of a tokenized caption, or null if it was not parsed.</summary>
    public IReadOnlyList<IReadOnlyList<string>>? Find(string caption) => _tuples.GetValueOrDefault(caption);

    /// <summary>Reads a file of parses.</summary>
    /// <exception cref="MetricsException">The file cannot be read or a line is of another form.</exception>
    public static SpiceParses Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var tuples = new Dictionary<string, IReadOnlyList<IReadOnlyList<string>>>(StringComparer.Ordinal);
        var number = 0;
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
                if (line.Length > 0)
                    Read(line, tuples);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new MetricsException($"{path}: cannot be read ({e.Message.ReplaceLineEndings(" ")}).", e);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or IndexOutOfRangeException)
        {
            throw new MetricsException($"{path}: line {number} is not a parse; expected {{\"caption\": …, \"tuples\": [[…], …]}}.", e);
        }

        return new SpiceParses(tuples);
    }

    private static void Read(string line, Dictionary<string, IReadOnlyList<IReadOnlyList<string>>> tuples)
    {
        using var document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 64 });
        var root = document.RootElement;
        var caption = root.GetProperty("caption").GetString()!;
        var list = new List<IReadOnlyList<string>>();
        foreach (var tuple in root.GetProperty("tuples").EnumerateArray())
        {
            string[] words = [.. tuple.EnumerateArray().Select(x => x.GetString()!)];
            if (words.Length is < 1 or > 3)
                throw new FormatException();
            list.Add(words);
        }

        tuples[caption] = list;
    }
}
