using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Sightline.Metrics.Matching;

/// <summary>METEOR's paraphrase table: three lines an entry, the probability, a phrase and its paraphrase; gzip or plain text.</summary>
internal sealed class ParaphraseTable
{
    private const long MaxCharacters = 4L << 30;

    private readonly Dictionary<string, HashSet<string>> _paraphrases = new(StringComparer.Ordinal);

    /// <summary>The longest phrase, in words.</summary>
    public int MaxWords { get; private set; }

    public int Count { get; private set; }

    /// <summary>Whether the table has the two phrases, words separated by one blank, as an entry.</summary>
    public bool Contains(string phrase, string paraphrase) => _paraphrases.TryGetValue(phrase, out var all) && all.Contains(paraphrase);

    /// <summary>The paraphrases of a phrase.</summary>
    public IReadOnlyCollection<string> Of(string phrase) => _paraphrases.TryGetValue(phrase, out var all) ? all : [];

    public static ParaphraseTable Load(string path)
    {
        var table = new ParaphraseTable();
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            var isGzip = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
            file.Position = 0;
            using var reader = new StreamReader(isGzip ? new GZipStream(file, CompressionMode.Decompress) : file, Encoding.UTF8);
            table.Read(path, reader);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new MetricsException($"{path}: cannot be read as a paraphrase table ({e.Message.ReplaceLineEndings(" ")}).", e);
        }

        return table;
    }

    private void Read(string path, StreamReader reader)
    {
        long characters = 0;
        var line = 1;
        while (reader.ReadLine() is { } probability)
        {
            var phrase = reader.ReadLine();
            var paraphrase = reader.ReadLine();
            if (paraphrase is null || phrase is null || !double.TryParse(probability, NumberStyles.Float, CultureInfo.InvariantCulture, out _))
            {
                throw new MetricsException(
                    $"{path}: not METEOR's paraphrase format at line {line}; expected three lines an entry: a probability, a phrase, a paraphrase.");
            }

            characters += phrase.Length + paraphrase.Length;
            if (characters > MaxCharacters)
                throw new MetricsException($"{path}: more than {MaxCharacters} characters; is this the right file?");
            if (!_paraphrases.TryGetValue(phrase, out var all))
                _paraphrases[phrase] = all = new HashSet<string>(1, StringComparer.Ordinal);
            all.Add(paraphrase);
            MaxWords = Math.Max(MaxWords, Math.Max(Words(phrase), Words(paraphrase)));
            Count++;
            line += 3;
        }
    }

    private static int Words(string phrase) => phrase.AsSpan().Count(' ') + 1;
}
