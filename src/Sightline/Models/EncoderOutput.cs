namespace Sightline.Models;

/// <summary>What the picture encoder gives for a batch.</summary>
public sealed class EncoderOutput
{
    /// <summary>Number of pictures.</summary>
    public required int Batch { get; init; }

    /// <summary>Positions per picture: class token, perhaps the distillation token, then the patches row by row.</summary>
    public required int SequenceLength { get; init; }

    /// <summary>Width of the states.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>[batch, seq, hidden], after the final layer norm.</summary>
    public required float[] LastHiddenState { get; init; }

    /// <summary>[batch, hidden], tanh of the pooler on the class token; null unless asked for and stored. Captions do not use it.</summary>
    public float[]? PoolerOutput { get; init; }

    /// <summary>Embeddings, then the output of every layer (before the final norm), each [batch, seq, hidden]; empty unless asked for.</summary>
    public IReadOnlyList<float[]> HiddenStates { get; init; } = [];

    /// <summary>Attention probabilities of every layer, each [batch, heads, seq, seq]; empty unless asked for.</summary>
    public IReadOnlyList<float[]> Attentions { get; init; } = [];
}
