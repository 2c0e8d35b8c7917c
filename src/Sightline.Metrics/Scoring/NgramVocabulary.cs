namespace Sightline.Metrics.Scoring;

/// <summary>Numbers words and n-grams: an n-gram is known by the number of its first n-1 words and its last word.</summary>
internal sealed class NgramVocabulary
{
    /// <summary>The longest n-gram of BLEU and CIDEr-D.</summary>
    public const int MaxOrder = 4;

    private readonly Dictionary<string, int> _words = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _wordLookup;
    private readonly Dictionary<long, int> _ngrams = [];

    public NgramVocabulary() => _wordLookup = _words.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>How many different n-grams were seen; their numbers are 0 to this.</summary>
    public int Count => _ngrams.Count;

    /// <summary>The n-grams of a text that is split at white space.</summary>
    public NgramCounts Read(string text)
    {
        var words = new List<int>(16);
        for (var at = 0; PythonText.NextToken(text, ref at) is { Length: > 0 } word;)
            words.Add(Word(word));
        var result = new NgramCounts(words.Count);
        var prefixes = new int[words.Count];
        prefixes.AsSpan().Fill(-1);
        var positions = new Dictionary<int, int>();
        for (var order = 0; order < MaxOrder; order++)
        {
            positions.Clear();
            var ids = new List<int>(words.Count);
            var counts = new List<int>(words.Count);
            for (var i = 0; i + order < words.Count; i++)
            {
                var id = prefixes[i] = Ngram(prefixes[i], words[i + order]);
                if (positions.TryAdd(id, ids.Count))
                {
                    ids.Add(id);
                    counts.Add(1);
                }
                else
                {
                    counts[positions[id]]++;
                }
            }

            result.Set(order, [.. ids], [.. counts]);
        }

        return result;
    }

    /// <summary>The number of an n-gram whose words are separated by white space, or -1 if it was not seen.</summary>
    public int Find(string ngram)
    {
        var id = -1;
        for (var at = 0; PythonText.NextToken(ngram, ref at) is { Length: > 0 } word;)
        {
            if (!_wordLookup.TryGetValue(word, out var number) || !_ngrams.TryGetValue(((long)id << 32) | (uint)number, out id))
                return -1;
        }

        return id;
    }

    private int Word(ReadOnlySpan<char> word)
    {
        if (!_wordLookup.TryGetValue(word, out var id))
            _wordLookup[word] = id = _words.Count;
        return id;
    }

    private int Ngram(int prefix, int word)
    {
        var key = ((long)prefix << 32) | (uint)word;
        if (!_ngrams.TryGetValue(key, out var id))
            _ngrams[key] = id = _ngrams.Count;
        return id;
    }
}
