using System.Text.Json.Nodes;

namespace Sightline.Tokenization;

/// <summary>What tokenizer_config.json says about encoding and decoding.</summary>
internal sealed record TokenizerSettings
{
    public bool AddPrefixSpace { get; init; }

    public bool AddBosToken { get; init; }

    public bool CleanUpTokenizationSpaces { get; init; } = true;

    /// <summary>replace, ignore or strict, as in Python's <c>bytes.decode</c>.</summary>
    public string Errors { get; init; } = "replace";

    public int? ModelMaxLength { get; init; }

    public bool PadsLeft { get; init; }

    public bool TruncatesLeft { get; init; }

    /// <summary>The file as read, kept so that saving loses no key; never changed in place.</summary>
    public JsonObject Config { get; init; } = [];

    public TokenizerStyle Style { get; init; }
}
