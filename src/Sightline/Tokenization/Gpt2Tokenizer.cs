using System.Text;

namespace Sightline.Tokenization;

/// <summary>
/// GPT-2's byte-level BPE with special and added tokens: the ids and the text that the slow GPT2Tokenizer of Transformers 4.17 gives. Immutable
/// and thread-safe; the encoder is built when text is first encoded, so decoding starts at once.
/// </summary>
/// <remarks>
/// Words are merged by the BpeTokenizer of Microsoft.ML.Tokenizers. Around it stands our own code for what that library does otherwise or not at all:
/// its regular expressions take letters and digits beyond U+FFFF for signs; it encodes lone surrogates instead of refusing them; it keeps the white space that
/// Transformers removes around added tokens, and does not join them with blanks when decoding; it does not clean up spaces, knows no <c>errors</c>, reads no
/// tokenizer.json, saves and learns nothing; it cannot decode without loading the merges (100 ms); and its time grows with the square of a word's
/// length, hence the limit of 65536. Its CodeGenTokenizer is no way around that: it has tokens of its own for runs of blanks and loses the end token when
/// decoding. Merges that no trainer writes (a merge before those that make its parts) can be applied in another order than by the slow tokenizer.
/// </remarks>
public sealed class Gpt2Tokenizer
{
    private readonly Lazy<ByteLevelEncoder> _encoder;
    private readonly Dictionary<string, int> _addedIds;
    private readonly Dictionary<int, string> _addedTokens;
    private readonly HashSet<int> _specialIds;
    private readonly NoSplitTokens _noSplit;
    private readonly TokenizerData _data;

    internal Gpt2Tokenizer(TokenizerData data, Lazy<ByteLevelEncoder>? encoder = null)
    {
        _data = data;
        _encoder = encoder ?? new Lazy<ByteLevelEncoder>(() => new ByteLevelEncoder(data.Source, data.Vocabulary, data.Merges));
        _addedIds = data.Added.ToDictionary(p => p.Key, p => p.Value);
        _addedTokens = data.Added.ToDictionary(p => p.Value, p => p.Key);
        _noSplit = new NoSplitTokens(data.NoSplit);
        _specialIds = [.. data.AllSpecialContents.Select(IdOrUnk).OfType<int>()];
    }

    /// <summary>The number of tokens, added ones included: what the embedding must at least have rows for (<c>len(tokenizer)</c>).</summary>
    public int VocabularySize => _data.Vocabulary.Count + _addedIds.Count;

    /// <summary>Begins a sequence; null if the tokenizer has no such token.</summary>
    public int? BosTokenId => IdOf(SpecialTokenRole.Bos);

    /// <summary>Ends a sequence; null if the tokenizer has no such token.</summary>
    public int? EosTokenId => IdOf(SpecialTokenRole.Eos);

    /// <summary>Fills a batch; null if the tokenizer has no such token.</summary>
    public int? PadTokenId => IdOf(SpecialTokenRole.Pad);

    /// <summary>Stands for what is not in the vocabulary; null if the tokenizer has no such token.</summary>
    public int? UnkTokenId => IdOf(SpecialTokenRole.Unk);

    /// <summary>The longest sequence in tokens that the model takes (<c>model_max_length</c>); null if none is given.</summary>
    public int? ModelMaxLength => _data.Settings.ModelMaxLength;

    /// <summary>Whether <see cref="Encode"/> puts a blank before the text unless told otherwise (<c>add_prefix_space</c>).</summary>
    public bool AddPrefixSpace => _data.Settings.AddPrefixSpace;

    /// <summary>Whether <see cref="Decode"/> undoes the spacing of English punctuation unless told otherwise; true where the files do not say.</summary>
    public bool CleanUpTokenizationSpaces => _data.Settings.CleanUpTokenizationSpaces;

    /// <summary>Ids of the special tokens, which decoding can leave out.</summary>
    public IReadOnlySet<int> SpecialTokenIds => _specialIds;

    /// <summary>The style of the files it was read from; that of 4.17 for one that was learned.</summary>
    public TokenizerStyle Style => _data.Settings.Style;

    internal string Errors => _data.Settings.Errors;

    internal TokenizerData Data => _data;

    /// <summary>
    /// Reads a tokenizer from a folder as Transformers 4.17 to 5.x write it: vocab.json and merges.txt, or else tokenizer.json; with
    /// added_tokens.json, special_tokens_map.json and tokenizer_config.json where they exist.
    /// </summary>
    /// <exception cref="ConfigurationException">A file is missing, damaged, not of a byte-level BPE, or contradicts another. Faults of the merges are reported when text is first encoded; see <see cref="PrepareEncoding"/>.</exception>
    public static Gpt2Tokenizer Load(string folder) => new(TokenizerReader.Read(folder));

    /// <summary>Builds the encoder now instead of when text is first encoded; reports faults of the merges.</summary>
    /// <exception cref="ConfigurationException">The merges cannot be used.</exception>
    public void PrepareEncoding() => _ = _encoder.Value;

    /// <summary>Text to ids. Special and added tokens inside the text become their ids.</summary>
    /// <param name="text">Any valid Unicode.</param>
    /// <param name="addPrefixSpace">Puts a blank before the text; default what the files say.</param>
    /// <exception cref="SightlineException">The text holds half a surrogate pair, or more than 65536 characters of one kind in a row.</exception>
    /// <exception cref="ConfigurationException">The merges cannot be used.</exception>
    public int[] Encode(string text, bool? addPrefixSpace = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        RefuseLoneSurrogates(text);
        if (addPrefixSpace ?? AddPrefixSpace)
            text = " " + text;
        var ids = new List<int>();
        if (_data.Settings.AddBosToken && BosTokenId is { } bos)
            ids.Add(bos);
        foreach (var (part, isToken) in _noSplit.Split(text))
        {
            if (isToken)
                ids.Add(IdOrUnk(part) ?? throw new ConfigurationException($"{_data.Source}: the token {Vocabulary.Quote(part)} has no id, and there is no unk_token."));
            else
                ids.AddRange(_encoder.Value.Encode(part));
        }

        return [.. ids];
    }

    /// <summary>Texts to rows of ids, cut and padded as <c>tokenizer(texts, padding=…, truncation=…, max_length=…)</c> does.</summary>
    /// <exception cref="SightlineException">As for <see cref="Encode"/>; or padding is asked for and there is no pad token.</exception>
    public EncodedBatch EncodeBatch(IReadOnlyList<string> texts, BatchEncodingOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(texts);
        options ??= new BatchEncodingOptions();
        options.Validate();
        var pad = PadTokenId;
        if (options.Padding != Padding.None && pad is null)
            throw new ConfigurationException($"{_data.Source}: padding needs a pad token and the tokenizer has none; give it one with {nameof(WithSpecialToken)}.");
        var limit = options.MaxLength ?? ModelMaxLength ?? int.MaxValue;
        var rows = texts.Select(text => Encode(text)).ToArray();
        if (options.Truncation)
            rows = [.. rows.Select(row => row.Length <= limit ? row : _data.Settings.TruncatesLeft ? row[^limit..] : row[..limit])];
        var width = options.Padding switch
        {
            Padding.Longest => rows.Length == 0 ? 0 : rows.Max(row => row.Length),
            Padding.MaxLength when limit < int.MaxValue => limit,
            _ => 0,
        };
        return new EncodedBatch(
            [.. rows.Select(row => Pad(row, width, pad ?? 0))],
            [.. rows.Select(row => Pad(Enumerable.Repeat(1, row.Length).ToArray(), width, 0))]);
    }

    /// <summary>Ids to text. Bytes that are not UTF-8 become U+FFFD, unless the files set <c>errors</c> otherwise.</summary>
    /// <param name="ids">Ids of the vocabulary.</param>
    /// <param name="skipSpecialTokens">Leave the special tokens out.</param>
    /// <param name="cleanUpTokenizationSpaces">Undo the spacing of English punctuation (<c>" ."</c>, <c>" n't"</c>); default what the files say, else true.</param>
    /// <exception cref="SightlineException">An id is not in the vocabulary.</exception>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false, bool? cleanUpTokenizationSpaces = null)
    {
        var decoder = new StreamingDecoder(this, skipSpecialTokens, cleanUp: false);
        var text = decoder.Push(ids) + decoder.Finish();
        return cleanUpTokenizationSpaces ?? CleanUpTokenizationSpaces ? StreamingDecoder.CleanUp(text) : text;
    }

    /// <summary>Decodes ids as they are generated; the joined pieces equal <see cref="Decode"/>.</summary>
    public StreamingDecoder CreateStreamingDecoder(bool skipSpecialTokens = true, bool? cleanUpTokenizationSpaces = null) =>
        new(this, skipSpecialTokens, cleanUpTokenizationSpaces ?? CleanUpTokenizationSpaces);

    /// <summary>The token of an id in the byte alphabet of GPT-2 (a blank is <c>Ġ</c>), or an added token as it is.</summary>
    /// <exception cref="ConfigurationException">The id is not in the vocabulary.</exception>
    public string IdToToken(int id) => AddedTokenOf(id) ?? _data.Vocabulary.TokenOf(id)
        ?? throw new ConfigurationException($"{_data.Source}: id {id} is not in the vocabulary of {VocabularySize} tokens; do the model and the tokenizer belong together?");

    /// <summary>The id of a token as <see cref="IdToToken"/> spells it, or null.</summary>
    public int? TokenToId(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        return _addedIds.TryGetValue(token, out var id) ? id : _data.Vocabulary.IdOf(token);
    }

    /// <summary>The text that a token stands for (<c>Ġcat</c> gives <c>" cat"</c>); parts of characters become U+FFFD.</summary>
    public static string TokenToString(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        return Encoding.UTF8.GetString(ByteAlphabet.BytesOf(token));
    }

    /// <summary>The special token of a role, or null; of the additional ones the first.</summary>
    public AddedToken? SpecialToken(SpecialTokenRole role) =>
        role != SpecialTokenRole.Additional ? _data.Special[role] : _data.Special.Additional is [var first, ..] ? first : null;

    /// <summary>
    /// A copy with a special token, as <c>add_special_tokens</c> gives it: a token that the vocabulary lacks gets the next id, and the model's
    /// embedding must grow to <see cref="VocabularySize"/>.
    /// </summary>
    public Gpt2Tokenizer WithSpecialToken(SpecialTokenRole role, AddedToken token)
    {
        ArgumentNullException.ThrowIfNull(token);
        return new Gpt2Tokenizer(_data.WithSpecialToken(role, token), _encoder);
    }

    /// <inheritdoc cref="WithSpecialToken(SpecialTokenRole, AddedToken)"/>
    /// <param name="role">What it is for.</param>
    /// <param name="content">The text of a bare token: white space around it is removed when encoding, as Transformers 4.17 does for strings.</param>
    public Gpt2Tokenizer WithSpecialToken(SpecialTokenRole role, string content) => WithSpecialToken(role, AddedToken.Plain(content));

    /// <summary>A copy with tokens that are not split but not special either (<c>add_tokens</c>); those it already has are passed over.</summary>
    public Gpt2Tokenizer WithAddedTokens(params IReadOnlyList<string> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        return new Gpt2Tokenizer(tokens.Aggregate(_data, (data, token) => data.WithAddedToken(token)), _encoder);
    }

    /// <summary>Writes vocab.json, merges.txt, special_tokens_map.json, tokenizer_config.json and, if there are added tokens, added_tokens.json.</summary>
    /// <param name="folder">An existing folder; files in it are replaced.</param>
    /// <param name="style">Default: the style it was read in.</param>
    public void Save(string folder, TokenizerStyle? style = null) => TokenizerWriter.Write(_data, folder, style ?? Style);

    /// <summary>
    /// The content of tokenizer.json, the one-file form that fast tokenizers and transformers.js read. Tokens that are bare strings get <c>lstrip</c> and
    /// <c>rstrip</c>, so that the ids stay those of the slow tokenizer.
    /// </summary>
    /// <param name="mergesAsPairs">Merges as <c>["a", "b"]</c> (Tokenizers 0.20 and later) instead of <c>"a b"</c>.</param>
    public string ToTokenizerJson(bool mergesAsPairs = false) => TokenizerWriter.TokenizerJson(_data, mergesAsPairs);

    internal bool IsSpecial(int id) => _specialIds.Contains(id);

    internal string? AddedTokenOf(int id) => _addedTokens.GetValueOrDefault(id);

    private int? IdOf(SpecialTokenRole role) => _data.Special[role] is { } token ? IdOrUnk(token.Content) : null;

    private int? IdOrUnk(string token) =>
        TokenToId(token) ?? (_data.Special[SpecialTokenRole.Unk] is { } unk ? TokenToId(unk.Content) : null);

    private int[] Pad(int[] row, int width, int value)
    {
        if (row.Length >= width)
            return row;
        var fill = Enumerable.Repeat(value, width - row.Length);
        return _data.Settings.PadsLeft ? [.. fill, .. row] : [.. row, .. fill];
    }

    internal static void RefuseLoneSurrogates(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                throw new SightlineException($"text: half a surrogate pair (U+{(int)text[i]:X4}) at {i}; valid Unicode was expected.");
            i++;
        }
    }
}
