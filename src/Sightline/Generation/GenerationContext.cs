namespace Sightline.Generation;

/// <summary>What a logits processor or a stopping criterion sees of the row it judges. Valid only during the call.</summary>
public readonly ref struct GenerationContext
{
    /// <summary>The row's tokens so far: start token, prompt, generated tokens. [length]</summary>
    public ReadOnlySpan<int> InputIds { get; init; }

    /// <summary>How many of <see cref="InputIds"/> were given: the start token and the prompt.</summary>
    public int PromptLength { get; init; }

    /// <summary>Index of the image in the batch.</summary>
    public int Image { get; init; }

    /// <summary>Index of the row in the batch (images x beams or return sequences, image-major).</summary>
    public int Row { get; init; }

    /// <summary>Diverse beam search: the tokens that the earlier beam groups of this image chose in this step; otherwise empty.</summary>
    public ReadOnlySpan<int> PreviousGroupTokens { get; init; }
}
