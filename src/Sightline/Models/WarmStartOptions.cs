using Sightline.Generation;

namespace Sightline.Models;

/// <summary>How an encoder and a decoder are put together.</summary>
public sealed record WarmStartOptions
{
    /// <summary>For the parameters that no checkpoint gives. Default 42, the card's seed.</summary>
    public long Seed { get; init; } = 42;

    /// <summary>Whose distribution new cross-attention gets: 4.17 does not scale its <c>c_proj</c> down, 4.31 does.</summary>
    public Compatibility Compatibility { get; init; }

    /// <summary>Written to config.json. Hugging Face leaves it out and training scripts must set it; null does the same.</summary>
    public int? DecoderStartTokenId { get; init; }

    /// <summary>Written to config.json; null leaves it out.</summary>
    public int? PadTokenId { get; init; }

    /// <summary>Written to config.json; null leaves it out.</summary>
    public int? EosTokenId { get; init; }
}
