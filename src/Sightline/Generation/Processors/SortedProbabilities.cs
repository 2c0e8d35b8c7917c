namespace Sightline.Generation;

/// <summary>Cumulative softmax over sorted tokens, as torch gives it: fp32 probabilities, added in double, each sum rounded to fp32.</summary>
internal sealed class SortedProbabilities
{
    private float[] _values = [];

    /// <summary>The sums over <paramref name="keys"/> in their order; valid until the next call.</summary>
    public ReadOnlySpan<float> Cumulative(ReadOnlySpan<float> scores, ReadOnlySpan<ulong> keys)
    {
        if (_values.Length < keys.Length)
            _values = new float[scores.Length];
        var values = _values.AsSpan(0, keys.Length);
        var max = float.NegativeInfinity;
        foreach (var key in keys)
            max = MathF.Max(max, scores[VocabularySort.Token(key)]);
        var total = 0.0;
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = MathF.Exp(scores[VocabularySort.Token(keys[i])] - max);
            total += values[i];
        }

        var sum = 0.0;
        for (var i = 0; i < values.Length; i++)
        {
            sum += values[i] / (float)total;
            values[i] = (float)sum;
        }

        return values;
    }
}
