namespace Sightline.Generation;

/// <summary>
/// Nucleus sampling (Holtzman et al. 2019): keeps the most likely tokens up to and including the one whose cumulative probability exceeds p.
/// Ties at the edge: 4.17 sorts descending and keeps the lower ids, 4.31 sorts ascending and keeps the higher ones.
/// </summary>
/// <param name="topP">p, from 0 to 1.</param>
/// <param name="minTokensToKeep">At least so many are kept.</param>
/// <param name="compatibility">Whose ties.</param>
public sealed class TopPLogitsWarper(double topP, int minTokensToKeep = 1, Compatibility compatibility = Compatibility.Transformers417) : ILogitsProcessor
{
    private readonly VocabularySort _sort = new();
    private readonly SortedProbabilities _probabilities = new();

    /// <inheritdoc/>
    public void Process(GenerationContext context, Span<float> scores)
    {
        var descending = compatibility == Compatibility.Transformers417;
        var keys = _sort.Sort(scores, descending);
        var cumulative = _probabilities.Cumulative(scores, keys);
        if (descending)
        {
            // A token goes when the sum before it is already above p.
            for (var i = Math.Max(minTokensToKeep, 1); i < keys.Length; i++)
            {
                if (cumulative[i - 1] > (float)topP)
                    scores[VocabularySort.Token(keys[i])] = float.NegativeInfinity;
            }
        }
        else
        {
            var removable = keys.Length - Math.Max(minTokensToKeep, 1);
            for (var i = 0; i < removable && cumulative[i] <= (float)(1 - topP); i++)
                scores[VocabularySort.Token(keys[i])] = float.NegativeInfinity;
        }
    }
}
