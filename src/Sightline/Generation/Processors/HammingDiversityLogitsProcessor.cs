namespace Sightline.Generation;

/// <summary>Diverse beam search: lowers a token's score by the penalty for each beam of the image's earlier groups that chose it in this step.</summary>
/// <param name="diversityPenalty">Subtracted per occurrence.</param>
public sealed class HammingDiversityLogitsProcessor(double diversityPenalty) : ILogitsProcessor
{
    private readonly float _penalty = (float)diversityPenalty;

    /// <inheritdoc/>
    public void Process(GenerationContext context, Span<float> scores)
    {
        var tokens = context.PreviousGroupTokens;
        for (var i = 0; i < tokens.Length; i++)
        {
            // penalty * frequency, once per distinct token: the same rounding as torch
            if (!tokens[..i].Contains(tokens[i]) && (uint)tokens[i] < (uint)scores.Length)
                scores[tokens[i]] -= _penalty * tokens.Count(tokens[i]);
        }
    }
}
