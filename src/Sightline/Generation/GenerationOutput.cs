namespace Sightline.Generation;

/// <summary>The sequences of one run.</summary>
public sealed class GenerationOutput
{
    /// <summary>Image-major: the sequences of image 0, best first, then those of image 1. [images * num_return_sequences]</summary>
    public required IReadOnlyList<GeneratedSequence> Sequences { get; init; }

    /// <summary>What <see cref="ToPadded"/> fills with.</summary>
    public required int PadTokenId { get; init; }

    /// <summary>The seed that sampling used, for repeating the run; null if nothing was sampled.</summary>
    public required long? Seed { get; init; }

    /// <summary>The matrix that HF <c>generate</c> returns: rows padded with the pad token to the longest of the batch.</summary>
    public int[][] ToPadded()
    {
        var width = Sequences.Max(s => s.TokenIds.Count);
        return [.. Sequences.Select(s => (int[])[.. s.TokenIds, .. Enumerable.Repeat(PadTokenId, width - s.TokenIds.Count)])];
    }
}
