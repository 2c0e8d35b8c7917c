namespace Sightline.Generation;

/// <summary>Forbids tokens always (HF <c>suppress_tokens</c>).</summary>
/// <param name="tokenIds">The forbidden tokens.</param>
public sealed class SuppressTokensLogitsProcessor(IReadOnlyList<int> tokenIds) : ILogitsProcessor
{
    /// <inheritdoc/>
    public void Process(GenerationContext context, Span<float> scores) => TokenMask.Forbid(scores, tokenIds);
}
