namespace Sightline.Generation;

/// <summary>Replaces NaN by 0 and positive infinity by the largest float (HF <c>remove_invalid_values</c>).</summary>
public sealed class InfNanRemoveLogitsProcessor : ILogitsProcessor
{
    /// <inheritdoc/>
    public void Process(GenerationContext context, Span<float> scores)
    {
        foreach (ref var score in scores)
        {
            if (float.IsNaN(score))
                score = 0;
            else if (float.IsPositiveInfinity(score))
                score = float.MaxValue;
        }
    }
}
