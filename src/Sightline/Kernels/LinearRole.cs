namespace Sightline.Kernels;

/// <summary>What a linear layer does in the model: its format depends on it.</summary>
internal enum LinearRole
{
    /// <summary>A layer of the picture encoder's blocks: many rows at once, so arithmetic is what costs.</summary>
    Encoder,

    /// <summary>A layer before or after the encoder's blocks: many rows, too, but a hundredth of the work, and all the rest builds on its numbers.</summary>
    EncoderEdge,

    /// <summary>Keys and values of cross-attention: many rows, once for each picture.</summary>
    CrossKeyValue,

    /// <summary>A layer of a decoder block: few rows, so reading the weights is what costs.</summary>
    Decoder,

    /// <summary>Logits; perhaps the token embeddings, too.</summary>
    Head,
}
