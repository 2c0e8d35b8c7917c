namespace Sightline.Generation;

/// <summary>What the epsilon and eta warpers share: probabilities, their entropy, and dropping those below a limit.</summary>
internal sealed class ProbabilityCutoff(int minTokensToKeep)
{
    private readonly TopCandidates _best = new(Math.Max(minTokensToKeep, 1));
    private float[] _logProbabilities = [];
    private float[] _scratch = [];

    /// <summary>Takes the distribution of the scores; returns its entropy in nats.</summary>
    public float Measure(ReadOnlySpan<float> scores)
    {
        if (_logProbabilities.Length != scores.Length)
            (_logProbabilities, _scratch) = (new float[scores.Length], new float[scores.Length]);
        scores.CopyTo(_logProbabilities);
        LogSoftmax.InPlace(_logProbabilities, _scratch);
        var entropy = 0f;
        for (var i = 0; i < scores.Length; i++)
        {
            var probability = _scratch[i] = MathF.Exp(_logProbabilities[i]);
            if (probability > 0)
                entropy -= probability * _logProbabilities[i];
        }

        return entropy;
    }

    /// <summary>Drops the tokens whose probability is below <paramref name="limit"/>, except the best ones.</summary>
    public void Apply(Span<float> scores, float limit)
    {
        _best.Clear();
        _best.Offer(scores, 0, 0);
        var worstKept = _best.Worst;
        for (var i = 0; i < scores.Length; i++)
        {
            if (_scratch[i] < limit && scores[i] < worstKept)
                scores[i] = float.NegativeInfinity;
        }
    }
}
