namespace Sightline.Generation;

/// <summary>Forces the token after the start token. Acts only when the row has length 1, so not after a prompt.</summary>
/// <param name="bosTokenId">The forced token.</param>
public sealed class ForcedBosTokenLogitsProcessor(int bosTokenId) : ILogitsProcessor
{
    /// <inheritdoc/>
    public void Process(GenerationContext context, Span<float> scores)
    {
        if (context.InputIds.Length == 1)
            TokenMask.Force(scores, bosTokenId);
    }
}
