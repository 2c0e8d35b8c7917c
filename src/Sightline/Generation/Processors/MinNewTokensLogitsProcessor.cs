namespace Sightline.Generation;

/// <summary>Forbids the end tokens while fewer new tokens than the minimum have been generated; start token and prompt do not count (from 4.2x on).</summary>
/// <param name="minNewTokens">The least number of generated tokens before an end token.</param>
/// <param name="eosTokenIds">The end tokens.</param>
public sealed class MinNewTokensLogitsProcessor(int minNewTokens, IReadOnlyList<int> eosTokenIds) : ILogitsProcessor
{
    /// <inheritdoc/>
    public void Process(GenerationContext context, Span<float> scores)
    {
        if (context.InputIds.Length - context.PromptLength < minNewTokens)
            TokenMask.Forbid(scores, eosTokenIds);
    }
}
