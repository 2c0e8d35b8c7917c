namespace Sightline.Kernels;

/// <summary>What a linear layer does in the model: its format depends on it.</summary>
internal enum LinearRole
{
    /// <summary>A layer of the picture encoder, or between encoder and decoder: many rows at once, so arithmetic is what costs.</summary>
    Encoder,

    /// <summary>Keys and values of cross-attention: many rows, once for each picture.</summary>
    CrossKeyValue,

    /// <summary>A layer of a decoder block: few rows, so reading the weights is what costs.</summary>
    Decoder,

    /// <summary>Logits; perhaps the token embeddings, too.</summary>
    Head,
}
