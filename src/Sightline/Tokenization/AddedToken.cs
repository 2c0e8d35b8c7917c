namespace Sightline.Tokenization;

/// <summary>A token that is never split: a special token, or one added to the vocabulary after it was learned.</summary>
/// <param name="Content">The text, matched exactly and with case.</param>
public sealed record AddedToken(string Content)
{
    /// <summary>
    /// The token is a bare string in the files. Transformers 4.17 then removes the white space on both of its sides when it encodes
    /// (<c>"a [PAD] b"</c> gives a, [PAD], b). Default false: the token has the flags below.
    /// </summary>
    public bool IsPlain { get; init; }

    /// <summary>White space on its left is removed when encoding. Default false.</summary>
    public bool LeftStrip { get; init; }

    /// <summary>White space on its right is removed when encoding. Default false.</summary>
    public bool RightStrip { get; init; }

    /// <summary>Kept for the files; as in the slow tokenizer of Transformers it has no effect. Default false.</summary>
    public bool SingleWord { get; init; }

    /// <summary>Kept for the files; GPT-2 has no normalizer, so it has no effect. Default true.</summary>
    public bool Normalized { get; init; } = true;

    /// <summary>A token given as a bare string, as <c>add_special_tokens({"pad_token": "[PAD]"})</c> makes it.</summary>
    public static AddedToken Plain(string content) => new(content) { IsPlain = true };

    internal bool StripsLeft => IsPlain || LeftStrip;

    internal bool StripsRight => IsPlain || RightStrip;
}
