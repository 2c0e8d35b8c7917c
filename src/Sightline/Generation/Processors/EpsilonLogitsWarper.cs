namespace Sightline.Generation;

/// <summary>Epsilon sampling (Hewitt et al. 2022): drops tokens whose probability is below a cutoff.</summary>
/// <param name="epsilon">The cutoff, between 0 and 1.</param>
/// <param name="minTokensToKeep">So many of the best are kept in any case.</param>
public sealed class EpsilonLogitsWarper(double epsilon, int minTokensToKeep = 1) : ILogitsProcessor
{
    private readonly ProbabilityCutoff _cutoff = new(minTokensToKeep);

    /// <inheritdoc/>
    public void Process(GenerationContext context, Span<float> scores)
    {
        _cutoff.Measure(scores);
        _cutoff.Apply(scores, (float)epsilon);
    }
}
