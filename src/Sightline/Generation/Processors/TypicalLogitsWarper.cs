using System.Numerics.Tensors;

namespace Sightline.Generation;

/// <summary>Locally typical sampling (Meister et al. 2022): keeps the tokens whose information is nearest the entropy, up to a probability mass.</summary>
/// <param name="mass">The mass, above 0, at most 1.</param>
/// <param name="minTokensToKeep">At least so many are kept.</param>
public sealed class TypicalLogitsWarper(double mass, int minTokensToKeep = 1) : ILogitsProcessor
{
    private readonly VocabularySort _sort = new();
    private readonly SortedProbabilities _probabilities = new();
    private float[] _surprise = [];

    /// <inheritdoc/>
    public void Process(GenerationContext context, Span<float> scores)
    {
        if (_surprise.Length < 2 * scores.Length)
            _surprise = new float[2 * scores.Length];
        var distance = _surprise.AsSpan(0, scores.Length); // log-probability, then |information - entropy|
        var scratch = _surprise.AsSpan(scores.Length, scores.Length);
        scores.CopyTo(distance);
        LogSoftmax.InPlace(distance, scratch);
        TensorPrimitives.Exp<float>(distance, scratch);
        var entropy = 0f;
        for (var i = 0; i < scores.Length; i++)
        {
            if (scratch[i] > 0)
                entropy -= distance[i] * scratch[i];
        }

        for (var i = 0; i < distance.Length; i++)
            distance[i] = float.IsNegativeInfinity(distance[i]) ? float.NegativeInfinity : MathF.Abs(-distance[i] - entropy);

        // Tokens that are impossible already are left out by the sort.
        var keys = _sort.Sort(distance, descending: false);
        if (keys.IsEmpty)
            return;
        var cumulative = _probabilities.Cumulative(scores, keys);
        var last = 0;
        while (last < keys.Length - 1 && cumulative[last] < (float)mass)
            last++;
        var limit = distance[VocabularySort.Token(keys[last])];
        for (var i = minTokensToKeep > 1 ? minTokensToKeep : 0; i < keys.Length; i++)
        {
            var token = VocabularySort.Token(keys[i]);
            if (distance[token] > limit)
                scores[token] = float.NegativeInfinity;
        }
    }
}
