namespace Sightline.Generation;

/// <summary>Forbids tokens where generation begins (HF <c>begin_suppress_tokens</c>).</summary>
/// <param name="tokenIds">The forbidden tokens.</param>
/// <param name="beginIndex">The length of the row at which they are forbidden.</param>
public sealed class SuppressTokensAtBeginLogitsProcessor(IReadOnlyList<int> tokenIds, int beginIndex) : ILogitsProcessor
{
    /// <inheritdoc/>
    public void Process(GenerationContext context, Span<float> scores)
    {
        if (context.InputIds.Length == beginIndex)
            TokenMask.Forbid(scores, tokenIds);
    }
}
