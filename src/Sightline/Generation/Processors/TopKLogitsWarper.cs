namespace Sightline.Generation;

/// <summary>Keeps the k best tokens, and those that tie with the last of them.</summary>
/// <param name="topK">k, at least 1; more than the vocabulary keeps everything.</param>
/// <param name="minTokensToKeep">At least so many are kept.</param>
public sealed class TopKLogitsWarper(int topK, int minTokensToKeep = 1) : ILogitsProcessor
{
    private TopCandidates? _candidates;
    private int _vocabulary;

    /// <inheritdoc/>
    public void Process(GenerationContext context, Span<float> scores)
    {
        if (_candidates is null || _vocabulary != scores.Length)
        {
            _candidates = new TopCandidates(Math.Min(Math.Max(topK, minTokensToKeep), scores.Length));
            _vocabulary = scores.Length;
        }

        _candidates.Clear();
        _candidates.Offer(scores, 0, 0);
        TokenMask.ForbidBelow(scores, _candidates.Worst);
    }
}
