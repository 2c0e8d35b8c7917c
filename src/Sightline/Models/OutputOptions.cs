namespace Sightline.Models;

/// <summary>What a forward pass keeps beside its result. Everything is off by default.</summary>
public sealed record OutputOptions
{
    /// <summary>Keep the hidden states of every layer.</summary>
    public bool HiddenStates { get; init; }

    /// <summary>Keep the attention probabilities of every layer.</summary>
    public bool Attentions { get; init; }

    /// <summary>Keep the decoder's keys and values.</summary>
    public bool PastKeyValues { get; init; }

    /// <summary>Run the encoder's pooler where the checkpoint has one.</summary>
    public bool Pooler { get; init; }

    /// <summary>Nothing beside the result.</summary>
    public static OutputOptions None { get; } = new();
}
