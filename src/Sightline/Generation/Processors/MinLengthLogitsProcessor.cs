namespace Sightline.Generation;

/// <summary>Forbids the end tokens while the row is shorter than the minimum; the start token and the prompt count.</summary>
/// <param name="minLength">The least number of tokens before an end token.</param>
/// <param name="eosTokenIds">The end tokens.</param>
public sealed class MinLengthLogitsProcessor(int minLength, IReadOnlyList<int> eosTokenIds) : ILogitsProcessor
{
    /// <inheritdoc/>
    public void Process(GenerationContext context, Span<float> scores)
    {
        if (context.InputIds.Length < minLength)
            TokenMask.Forbid(scores, eosTokenIds);
    }
}
