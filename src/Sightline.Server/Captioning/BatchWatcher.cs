using System.Numerics.Tensors;
using Sightline.Generation;

namespace Sightline.Server.Captioning;

/// <summary>
/// Looks on while a batch is generated: ends the rows of clients that have left, hands tokens to those who watch, and notes the likeliest tokens
/// for those who asked. Called on the thread that generates.
/// </summary>
internal sealed class BatchWatcher(IReadOnlyList<CaptionJob> jobs, int sequencesPerImage) : IStoppingCriteria
{
    private readonly int _topCount = jobs[0].Request.TopLogProbabilities;
    private readonly List<TokenChance[]>[] _top = [.. Enumerable.Range(0, jobs.Count * sequencesPerImage).Select(_ => new List<TokenChance[]>())];

    /// <summary>Sees each step's scores; null where nobody asked for the likeliest tokens.</summary>
    public ScoresObserver? Observer => _topCount > 0 ? Observe : null;

    /// <inheritdoc/>
    public bool ShouldStop(GenerationContext context)
    {
        var job = jobs[context.Image];
        job.Tokens?.TryWrite(new StreamedToken(context.Row - (context.Image * sequencesPerImage), context.InputIds[^1]));
        return job.Cancellation.IsCancellationRequested;
    }

    /// <summary>[sequence][place] of one picture, each list as long as its sequence.</summary>
    public IReadOnlyList<IReadOnlyList<TokenChance[]>> TopTokens(int image, Caption caption) => _topCount == 0
        ? []
        : [.. ((Caption[])[caption, .. caption.Alternatives]).Select((sequence, index) => _top[(image * sequencesPerImage) + index].Take(sequence.Tokens.Count).ToList())];

    private void Observe(int step, ReadOnlySpan<float> scores, int vocabularySize)
    {
        for (var row = 0; row < _top.Length; row++)
            _top[row].Add(Likeliest(scores.Slice(row * vocabularySize, vocabularySize)));
    }

    private TokenChance[] Likeliest(ReadOnlySpan<float> scores)
    {
        var logProbabilities = scores.ToArray();
        var ids = Enumerable.Range(0, scores.Length).ToArray();
        var largest = TensorPrimitives.Max<float>(scores);
        var sum = 0.0;
        foreach (var score in scores)
            sum += Math.Exp(score - largest);
        TensorPrimitives.Subtract(logProbabilities, largest + (float)Math.Log(sum), logProbabilities);
        Array.Sort(logProbabilities, ids);
        return [.. Enumerable.Range(1, Math.Min(_topCount, ids.Length)).Select(i => new TokenChance(ids[^i], logProbabilities[^i])).Where(token => float.IsFinite(token.LogProbability))];
    }
}
