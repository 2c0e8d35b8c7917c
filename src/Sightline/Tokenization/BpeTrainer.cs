using System.Runtime.InteropServices;
using System.Text;

namespace Sightline.Tokenization;

/// <summary>
/// Learns a byte-level BPE from text as the trainer of Hugging Face's Tokenizers library does: words by GPT-2's pattern, then again and again the
/// most frequent pair of neighbours becomes a token; of equally frequent pairs the one with the smaller ids. The same text gives the same tokenizer, in
/// whatever order the texts come.
/// </summary>
public sealed class BpeTrainer
{
    private readonly BpeTrainerOptions _options;
    private readonly Dictionary<string, int> _ids = [];
    private readonly List<string> _tokens = [];

    private readonly List<int[]> _words = [];
    private readonly List<int> _lengths = [];
    private readonly List<long> _counts = [];

    // As in the library, a merged pair keeps its count, and a pair that arises anew is queued beside its older entry, each with its own words.
    private readonly Dictionary<(int Left, int Right), long> _pairCounts = [];
    private readonly Dictionary<(int Left, int Right), HashSet<int>> _found = [];
    private readonly PriorityQueue<Candidate, (long Count, int Left, int Right, long Order)> _queue = new(Comparer<(long Count, int Left, int Right, long Order)>.Create((x, y) =>
        x.Count != y.Count ? y.Count.CompareTo(x.Count) : (x.Left, x.Right, x.Order).CompareTo((y.Left, y.Right, y.Order))));

    private long _order;

    private BpeTrainer(BpeTrainerOptions options) => _options = options;

    private sealed record Candidate((int Left, int Right) Pair, long Count, HashSet<int> Words);

    /// <summary>Learns a tokenizer; <see cref="Gpt2Tokenizer.Save"/> writes it as vocab.json and merges.txt.</summary>
    /// <param name="texts">Captions or any other texts; read once.</param>
    /// <param name="options">Default: new <see cref="BpeTrainerOptions"/>.</param>
    /// <param name="cancellationToken">Looked at between merges.</param>
    /// <exception cref="ConfigurationException">The options do not hold together.</exception>
    /// <exception cref="SightlineException">A text holds half a surrogate pair.</exception>
    public static Gpt2Tokenizer Train(IEnumerable<string> texts, BpeTrainerOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        options ??= new BpeTrainerOptions();
        options.Validate();
        return new BpeTrainer(options).Run(texts, cancellationToken);
    }

    private Gpt2Tokenizer Run(IEnumerable<string> texts, CancellationToken cancellationToken)
    {
        if (_options.SpecialTokensFirst)
            AddTokens(_options.SpecialTokens);
        AddTokens(Enumerable.Range(0, 256).Select(b => ByteAlphabet.CharOf((byte)b).ToString()).Order(StringComparer.Ordinal));
        CountWords(texts, cancellationToken);
        CountPairs();
        var merges = Merge(cancellationToken);
        AddTokens(_options.SpecialTokens); // Those that are there already stay where they are.

        var special = new SpecialTokens();
        foreach (var (role, token) in new[]
                 {
                     (SpecialTokenRole.Bos, _options.BosToken), (SpecialTokenRole.Eos, _options.EosToken),
                     (SpecialTokenRole.Unk, _options.UnkToken), (SpecialTokenRole.Pad, _options.PadToken),
                 })
            special = special.With(role, token is null ? null : new AddedToken(token));
        special = _options.SpecialTokens.Except(special.All.Select(t => t.Content))
            .Aggregate(special, (all, token) => all.With(SpecialTokenRole.Additional, new AddedToken(token)));
        return new Gpt2Tokenizer(new TokenizerData
        {
            Source = "learned tokenizer",
            Vocabulary = Vocabulary.FromTokens(_tokens),
            Merges = new MergeRules("learned tokenizer", () => merges),
            Special = special,
            Settings = new TokenizerSettings { ModelMaxLength = _options.ModelMaxLength },
        });
    }

    private void AddTokens(IEnumerable<string> tokens)
    {
        foreach (var token in tokens)
            IdOf(token);
    }

    private int IdOf(string token)
    {
        if (_ids.TryGetValue(token, out var id))
            return id;
        _tokens.Add(token);
        return _ids[token] = _tokens.Count - 1;
    }

    private void CountWords(IEnumerable<string> texts, CancellationToken cancellationToken)
    {
        var counts = new Dictionary<string, long>();
        var lookup = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var text in texts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Gpt2Tokenizer.RefuseLoneSurrogates(text);
            for (var start = 0; start < text.Length;)
            {
                var length = Gpt2PreTokenizer.NextLength(text, start);
                CollectionsMarshal.GetValueRefOrAddDefault(lookup, text.AsSpan(start, length), out _)++;
                start += length;
            }
        }

        var byteIds = Enumerable.Range(0, 256).Select(b => _ids[ByteAlphabet.CharOf((byte)b).ToString()]).ToArray();
        foreach (var (word, count) in counts)
        {
            var symbols = Encoding.UTF8.GetBytes(word).Select(b => byteIds[b]).ToArray();
            _words.Add(symbols);
            _lengths.Add(symbols.Length);
            _counts.Add(count);
        }
    }

    private void CountPairs()
    {
        for (var w = 0; w < _words.Count; w++)
        {
            for (var i = 0; i + 1 < _words[w].Length; i++)
                Change((_words[w][i], _words[w][i + 1]), 1, w);
        }

        QueueFound();
    }

    private List<string> Merge(CancellationToken cancellationToken)
    {
        var limit = _options.VocabularySize - (_options.SpecialTokensFirst ? 0 : _options.SpecialTokens.Count);
        var merges = new List<string>();
        while (_tokens.Count < limit && _queue.TryDequeue(out var top, out _))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = _pairCounts[top.Pair];
            if (top.Count != count)
            {
                Queue(top with { Count = count });
                continue;
            }

            if (count < _options.MinFrequency)
                break;
            var (left, right) = top.Pair;
            var merged = IdOf(_tokens[left] + _tokens[right]);
            merges.Add(_tokens[left] + " " + _tokens[right]);
            foreach (var w in top.Words)
                MergeWord(w, left, right, merged);
            QueueFound();
        }

        return merges;
    }

    // Replaces the pair from left to right in place and notes the neighbours that are gone and those that are new.
    private void MergeWord(int w, int left, int right, int merged)
    {
        var symbols = _words[w];
        var length = _lengths[w];
        var written = 0;
        for (var read = 0; read < length; read++)
        {
            if (symbols[read] != left || read + 1 == length || symbols[read + 1] != right)
            {
                symbols[written++] = symbols[read];
                continue;
            }

            if (written > 0)
            {
                Change((symbols[written - 1], left), -1, w);
                Change((symbols[written - 1], merged), 1, w);
            }

            read++;
            if (read + 1 < length)
            {
                Change((right, symbols[read + 1]), -1, w);
                Change((merged, symbols[read + 1]), 1, w);
            }

            symbols[written++] = merged;
        }

        _lengths[w] = written;
    }

    private void Change((int Left, int Right) pair, int change, int word)
    {
        CollectionsMarshal.GetValueRefOrAddDefault(_pairCounts, pair, out _) += change * _counts[word];
        if (change < 0)
            return;
        ref var words = ref CollectionsMarshal.GetValueRefOrAddDefault(_found, pair, out _);
        (words ??= []).Add(word);
    }

    private void QueueFound()
    {
        foreach (var (pair, words) in _found)
        {
            if (_pairCounts[pair] is > 0 and var count)
                Queue(new Candidate(pair, count, words));
        }

        _found.Clear();
    }

    private void Queue(Candidate candidate) =>
        _queue.Enqueue(candidate, (candidate.Count, candidate.Pair.Left, candidate.Pair.Right, _order++));
}
