namespace Sightline.Generation;

/// <summary>Eta sampling (Hewitt et al. 2022): drops tokens whose probability is below min(epsilon, sqrt(epsilon) * exp(-entropy)).</summary>
/// <param name="epsilon">The cutoff, between 0 and 1.</param>
/// <param name="minTokensToKeep">So many of the best are kept in any case.</param>
public sealed class EtaLogitsWarper(double epsilon, int minTokensToKeep = 1) : ILogitsProcessor
{
    private readonly ProbabilityCutoff _cutoff = new(minTokensToKeep);

    /// <inheritdoc/>
    public void Process(GenerationContext context, Span<float> scores)
    {
        var entropy = _cutoff.Measure(scores);
        _cutoff.Apply(scores, MathF.Min((float)epsilon, MathF.Sqrt((float)epsilon) * MathF.Exp(-entropy)));
    }
}
