namespace Sightline.Generation;

/// <summary>Why a sequence ended. (A cancelled run has no result: it throws <see cref="OperationCanceledException"/>.)</summary>
public enum FinishReason
{
    /// <summary>The model gave the end token.</summary>
    EndOfSequence,

    /// <summary>The maximum length, or the last position the decoder has, was reached.</summary>
    Length,

    /// <summary>A stopping criterion held.</summary>
    Criterion,
}
