namespace Sightline.Generation;

/// <summary>Forces the last token before the maximum length.</summary>
/// <param name="maxLength">The maximum length, start token and prompt included.</param>
/// <param name="eosTokenId">The forced token.</param>
public sealed class ForcedEosTokenLogitsProcessor(int maxLength, int eosTokenId) : ILogitsProcessor
{
    /// <inheritdoc/>
    public void Process(GenerationContext context, Span<float> scores)
    {
        if (context.InputIds.Length == maxLength - 1)
            TokenMask.Force(scores, eosTokenId);
    }
}
