namespace Sightline.Models;

/// <summary>What the decoder gives for whole sequences.</summary>
public sealed class DecoderOutput
{
    /// <summary>[batch, seq, vocab], unnormalised.</summary>
    public required float[] Logits { get; init; }

    /// <summary>Embeddings, the output of every block but the last, then the final layer norm's output, each [batch, seq, hidden]; empty unless asked for.</summary>
    public IReadOnlyList<float[]> HiddenStates { get; init; } = [];

    /// <summary>Self-attention probabilities of every block, each [batch, heads, seq, seq]; empty unless asked for.</summary>
    public IReadOnlyList<float[]> Attentions { get; init; } = [];

    /// <summary>Cross-attention probabilities of every block, each [batch, heads, seq, encoderSeq]; empty unless asked for.</summary>
    public IReadOnlyList<float[]> CrossAttentions { get; init; } = [];

    /// <summary>Self-attention keys and values of every block, each [batch, heads, seq, headDim] (HF <c>past_key_values</c>); empty unless asked for.</summary>
    public IReadOnlyList<(float[] Key, float[] Value)> PastKeyValues { get; init; } = [];
}
