namespace Sightline.Generation;

/// <summary>Forbids token sequences: the last token of one is impossible while the row ends with the tokens before it. A bad word equal to the end token is ignored.</summary>
public sealed class NoBadWordsLogitsProcessor : ILogitsProcessor
{
    private readonly int[][] _words;
    private readonly bool _shorterThanContext;

    /// <summary>Creates the processor.</summary>
    /// <param name="badWordsIds">The sequences; none is empty.</param>
    /// <param name="eosTokenIds">The end tokens.</param>
    /// <param name="compatibility">4.31 leaves out a sequence that is longer than the row, although the row could be its beginning.</param>
    public NoBadWordsLogitsProcessor(
        IEnumerable<IReadOnlyList<int>> badWordsIds, IReadOnlyList<int> eosTokenIds, Compatibility compatibility = Compatibility.Transformers417)
    {
        _words = [.. badWordsIds.Where(word => word.Count > 1 || !eosTokenIds.Contains(word[0])).Select(word => word.ToArray())];
        _shorterThanContext = compatibility == Compatibility.Transformers431;
    }

    /// <inheritdoc/>
    public void Process(GenerationContext context, Span<float> scores)
    {
        foreach (var word in _words)
        {
            if (_shorterThanContext && word.Length > 1 && word.Length > context.InputIds.Length)
                continue;
            if ((uint)word[^1] < (uint)scores.Length && context.InputIds.EndsWith(word.AsSpan(0, word.Length - 1)))
                scores[word[^1]] = float.NegativeInfinity;
        }
    }
}
