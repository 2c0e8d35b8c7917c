namespace Sightline.Kernels;

/// <summary>Sizes of one attention call. Strides are in floats between the rows of consecutive positions.</summary>
internal readonly record struct AttentionShape
{
    /// <summary>Sequences, each with its own queries, keys and values: one behind the other, in every array.</summary>
    public required int Batch { get; init; }

    public required int Heads { get; init; }

    public required int HeadDim { get; init; }

    public required int QueryLength { get; init; }

    public required int KeyLength { get; init; }

    public required int QueryStride { get; init; }

    public required int KeyStride { get; init; }

    /// <summary>Floats from a key's or value's part of one head to that of the next; 0 where heads lie side by side.</summary>
    public int KeyHeadStride { get; init; }

    public required int OutputStride { get; init; }

    /// <summary>Factor on the scores.</summary>
    public required float Scale { get; init; }

    /// <summary>Whether query i sees only keys 0 … i + keyLength − queryLength.</summary>
    public bool Causal { get; init; }

    /// <summary>Where a head's part of keys and values begins.</summary>
    public int KeyOffset(int head) => head * (KeyHeadStride == 0 ? HeadDim : KeyHeadStride);

    /// <summary>Number of keys that query <paramref name="i"/> may see.</summary>
    public int VisibleKeys(int i) => Causal ? Math.Min(KeyLength, i + 1 + KeyLength - QueryLength) : KeyLength;
}
