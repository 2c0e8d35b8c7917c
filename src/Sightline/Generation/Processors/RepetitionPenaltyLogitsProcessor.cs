namespace Sightline.Generation;

/// <summary>Makes tokens that already occur less likely (Keskar et al. 2019, CTRL): a negative score is multiplied by the penalty, another divided.</summary>
/// <param name="penalty">Above 0; 1 changes nothing, below 1 favours repetition.</param>
public sealed class RepetitionPenaltyLogitsProcessor(double penalty) : ILogitsProcessor
{
    private readonly float _penalty = (float)penalty;

    /// <inheritdoc/>
    public void Process(GenerationContext context, Span<float> scores)
    {
        var ids = context.InputIds;
        for (var i = 0; i < ids.Length; i++)
        {
            if (ids[..i].Contains(ids[i]) || (uint)ids[i] >= (uint)scores.Length)
                continue;
            ref var score = ref scores[ids[i]];
            score = score < 0 ? score * _penalty : score / _penalty;
        }
    }
}
