namespace Sightline.Generation;

/// <summary>Forbids every token that would complete an n-gram the row already contains; start token and prompt count.</summary>
/// <param name="ngramSize">n, at least 1.</param>
public sealed class NoRepeatNgramLogitsProcessor(int ngramSize) : ILogitsProcessor
{
    /// <inheritdoc/>
    public void Process(GenerationContext context, Span<float> scores)
    {
        var ids = context.InputIds;
        if (ids.Length + 1 < ngramSize)
            return;
        var prefix = ids[(ids.Length + 1 - ngramSize)..];
        for (var start = 0; start + ngramSize <= ids.Length; start++)
        {
            var last = ids[start + ngramSize - 1];
            if (ids.Slice(start, ngramSize - 1).SequenceEqual(prefix) && (uint)last < (uint)scores.Length)
                scores[last] = float.NegativeInfinity;
        }
    }
}
