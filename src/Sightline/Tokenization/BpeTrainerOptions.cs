namespace Sightline.Tokenization;

/// <summary>What <see cref="BpeTrainer"/> learns. The defaults are those of ByteLevelBPETokenizer.train in the Tokenizers library.</summary>
public sealed record BpeTrainerOptions
{
    /// <summary>The largest number of tokens, special ones and the 256 bytes included. Default 30000. Fewer are learned if the text has no more pairs that are frequent enough.</summary>
    public int VocabularySize { get; init; } = 30_000;

    /// <summary>A pair is merged only if it occurs at least this often; at least 1. Default 2.</summary>
    public int MinFrequency { get; init; } = 2;

    /// <summary>Tokens that are never split, in the order of their ids. Default <c>&lt;|endoftext|&gt;</c>.</summary>
    public IReadOnlyList<string> SpecialTokens { get; init; } = ["<|endoftext|>"];

    /// <summary>The special tokens get the first ids, as in the Tokenizers library; false: the last, as in GPT-2's own vocabulary. Default true.</summary>
    public bool SpecialTokensFirst { get; init; } = true;

    /// <summary>Begins a sequence; one of the special tokens, or null. Default <c>&lt;|endoftext|&gt;</c>.</summary>
    public string? BosToken { get; init; } = "<|endoftext|>";

    /// <summary>Ends a sequence; one of the special tokens, or null. Default <c>&lt;|endoftext|&gt;</c>.</summary>
    public string? EosToken { get; init; } = "<|endoftext|>";

    /// <summary>Unknown tokens; one of the special tokens, or null. Default <c>&lt;|endoftext|&gt;</c>.</summary>
    public string? UnkToken { get; init; } = "<|endoftext|>";

    /// <summary>Fills batches; one of the special tokens, or null. Default null.</summary>
    public string? PadToken { get; init; }

    /// <summary>The longest sequence the model will take, for tokenizer_config.json. Default null: not stated.</summary>
    public int? ModelMaxLength { get; init; }

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ConfigurationException">A value is out of range, or a role names no special token.</exception>
    public void Validate()
    {
        var least = 256 + SpecialTokens.Count;
        if (VocabularySize < least || VocabularySize > Vocabulary.IdLimit)
            throw new ConfigurationException($"VocabularySize is {VocabularySize}; {least} (256 bytes and {SpecialTokens.Count} special tokens) to {Vocabulary.IdLimit} was expected.");
        if (MinFrequency < 1)
            throw new ConfigurationException($"MinFrequency is {MinFrequency}; at least 1 was expected.");
        if (ModelMaxLength < 1)
            throw new ConfigurationException($"ModelMaxLength is {ModelMaxLength}; at least 1 was expected.");
        if (SpecialTokens.Any(string.IsNullOrEmpty) || SpecialTokens.Distinct().Count() != SpecialTokens.Count)
            throw new ConfigurationException("SpecialTokens holds an empty token or one token twice.");
        foreach (var (role, token) in new[] { (nameof(BosToken), BosToken), (nameof(EosToken), EosToken), (nameof(UnkToken), UnkToken), (nameof(PadToken), PadToken) })
        {
            if (token is not null && !SpecialTokens.Contains(token))
                throw new ConfigurationException($"{role} is {Vocabulary.Quote(token)}, which is not among SpecialTokens.");
        }
    }
}
