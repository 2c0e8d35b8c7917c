using Sightline.Generation;

namespace Sightline;

/// <summary>A sentence about a picture, and how sure the model was of it.</summary>
public sealed record Caption
{
    /// <summary>The sentence, special tokens left out; exactly the reference's text, so a blank or line break of the model's stays.</summary>
    public required string Text { get; init; }

    /// <summary>
    /// Sum of the tokens' log-probabilities divided by length ** length_penalty (<see cref="GeneratedSequence.Score"/>); higher is surer. It
    /// ranks captions of one picture; it is no probability that the sentence is true.
    /// </summary>
    public required double Score { get; init; }

    /// <summary>The generated tokens, the end token included where the model gave it.</summary>
    public required IReadOnlyList<CaptionToken> Tokens { get; init; }

    /// <summary>Why the sentence ended: the end token, or the length limit (then it may be cut off).</summary>
    public required FinishReason Finish { get; init; }

    /// <summary>The picture's name.</summary>
    public required string Image { get; init; }

    /// <summary>The other sequences where <see cref="GenerationOptions.NumReturnSequences"/> is more than 1, in their order; otherwise empty.</summary>
    public IReadOnlyList<Caption> Alternatives { get; init; } = [];

    /// <summary>The generated token ids, without the start token.</summary>
    public IReadOnlyList<int> TokenIds => [.. Tokens.Select(token => token.Id)];

    /// <summary>The sentence.</summary>
    public override string ToString() => Text;
}
