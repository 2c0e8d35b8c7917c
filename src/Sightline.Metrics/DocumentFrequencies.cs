using System.Text.Json;
using Sightline.Metrics.IO;
using Sightline.Metrics.Scoring;

namespace Sightline.Metrics;

/// <summary>
/// In how many images each n-gram of 1 to 4 words occurs: the idf of CIDEr-D, kept in a file so that small sets are scored with the weights of
/// a large one (scores with other frequencies are not comparable).
/// </summary>
/// <remarks>The file is JSON: <c>{"documents": 40504, "document_frequency": {"a dog": 1234, …}}</c>, words separated by a blank.</remarks>
public sealed class DocumentFrequencies
{
    private readonly Dictionary<string, double> _counts;

    private DocumentFrequencies(double documents, Dictionary<string, double> counts)
    {
        Documents = documents;
        _counts = counts;
    }

    /// <summary>The number of images.</summary>
    public double Documents { get; }

    /// <summary>The number of different n-grams.</summary>
    public int Count => _counts.Count;

    /// <summary>Counts the n-grams of tokenized references.</summary>
    /// <param name="references">The tokenized references of each image.</param>
    public static DocumentFrequencies FromReferences(IReadOnlyList<IReadOnlyList<string>> references)
    {
        ArgumentNullException.ThrowIfNull(references);
        if (references.Count == 0)
            throw new ArgumentException("No image; document frequencies need at least one.", nameof(references));
        var counts = new Dictionary<string, double>(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var image in references)
        {
            seen.Clear();
            foreach (var text in image)
            {
                var words = new List<string>();
                for (var at = 0; PythonText.NextToken(text, ref at) is { Length: > 0 } word;)
                    words.Add(word.ToString());
                for (var start = 0; start < words.Count; start++)
                {
                    for (var length = 1; length <= NgramVocabulary.MaxOrder && start + length <= words.Count; length++)
                        seen.Add(string.Join(' ', words.GetRange(start, length)));
                }
            }

            foreach (var ngram in seen)
                counts[ngram] = counts.GetValueOrDefault(ngram) + 1;
        }

        return new DocumentFrequencies(references.Count, counts);
    }

    /// <summary>Reads a saved file.</summary>
    /// <exception cref="MetricsException">The file cannot be read or is not of this kind.</exception>
    public static DocumentFrequencies Load(string path)
    {
        using var document = BoundedJson.Read(path);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object
            || !root.TryGetProperty("documents", out var documents) || !documents.TryGetDouble(out var total) || total < 1
            || !root.TryGetProperty("document_frequency", out var list) || list.ValueKind != JsonValueKind.Object)
        {
            throw new MetricsException($"{path}: not a file of document frequencies; expected {{\"documents\": number, \"document_frequency\": {{\"a dog\": number, …}}}}.");
        }

        var counts = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var entry in list.EnumerateObject())
        {
            if (entry.Value.ValueKind != JsonValueKind.Number || !entry.Value.TryGetDouble(out var count) || count < 0)
                throw new MetricsException($"{path}: document_frequency[\"{entry.Name}\"] is {entry.Value.GetRawText()}; a number from 0 on was expected.");
            counts[entry.Name] = count;
        }

        return new DocumentFrequencies(total, counts);
    }

    /// <summary>Writes the file that <see cref="Load"/> reads, n-grams in ordinal order.</summary>
    public void Save(string path)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteNumber("documents", Documents);
            writer.WriteStartObject("document_frequency");
            foreach (var (ngram, count) in _counts.OrderBy(x => x.Key, StringComparer.Ordinal))
                writer.WriteNumber(ngram, count);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        AtomicText.Write(path, stream.ToArray());
    }

    internal double[] ByNumber(NgramVocabulary vocabulary)
    {
        var counts = new double[vocabulary.Count];
        foreach (var (ngram, count) in _counts)
        {
            if (vocabulary.Find(ngram) is var id and >= 0)
                counts[id] = count;
        }

        return counts;
    }
}
