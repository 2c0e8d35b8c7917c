namespace Sightline.Tokenization;

/// <summary>Everything that the files of a tokenizer say. Immutable.</summary>
internal sealed record TokenizerData
{
    /// <summary>Names the tokenizer in messages.</summary>
    public required string Source { get; init; }

    public required Vocabulary Vocabulary { get; init; }

    public required MergeRules Merges { get; init; }

    public TokenizerSettings Settings { get; init; } = new();

    public SpecialTokens Special { get; init; } = new();

    /// <summary>Tokens outside the learned vocabulary and their ids, in ascending order of id.</summary>
    public IReadOnlyList<KeyValuePair<string, int>> Added { get; init; } = [];

    /// <summary>Tokens whose flags the files give (added_tokens_decoder, tokenizer.json); they win over bare strings.</summary>
    public IReadOnlyDictionary<string, AddedToken> Flagged { get; init; } = new Dictionary<string, AddedToken>();

    /// <summary>Tokens that those files call special, whether they have a role or not.</summary>
    public IReadOnlyList<string> FlaggedSpecial { get; init; } = [];

    public IEnumerable<string> AllSpecialContents => Special.All.Select(t => t.Content).Concat(FlaggedSpecial).Distinct();

    /// <summary>Every token that is never split, with the flags that count: those of a full description before those of a bare string.</summary>
    public IReadOnlyDictionary<string, AddedToken> NoSplit
    {
        get
        {
            var tokens = new Dictionary<string, AddedToken>(Flagged);
            foreach (var token in Special.All.OrderBy(t => t.IsPlain))
                tokens.TryAdd(token.Content, token);
            foreach (var (content, _) in Added)
                tokens.TryAdd(content, AddedToken.Plain(content));
            return tokens;
        }
    }

    public TokenizerData WithSpecialToken(SpecialTokenRole role, AddedToken token)
    {
        var special = Special.With(role, token);
        return (this with { Special = special }).WithId(token.Content);
    }

    public TokenizerData WithAddedToken(string content) => WithId(content);

    /// <summary>Gives ids to the special tokens that the vocabulary lacks, as <c>sanitize_special_tokens</c> does; never to the unk token.</summary>
    public TokenizerData WithIdsForSpecialTokens() => Special.All.Aggregate(this, (data, token) => data.WithId(token.Content));

    private TokenizerData WithId(string content)
    {
        if (content.Length == 0)
            throw new ConfigurationException($"{Source}: a token that is never split cannot be empty.");
        if (content == Special[SpecialTokenRole.Unk]?.Content || Vocabulary.IdOf(content) is not null || Added.Any(p => p.Key == content))
            return this;
        var id = Vocabulary.Count + Added.Count;
        while (Vocabulary.TokenOf(id) is not null || Added.Any(p => p.Value == id))
            id++;
        return this with { Added = [.. Added.Append(new(content, id)).OrderBy(p => p.Value)] };
    }
}
