namespace Sightline.Generation;

/// <summary>The best n finished sequences of one search. Slots are allocated once and reused.</summary>
internal sealed class BeamHypotheses
{
    private readonly int _size;
    private readonly GenerationPlan _plan;
    private readonly List<Hypothesis> _kept; // in the order they were added, which decides ties
    private readonly Stack<Hypothesis> _free;
    private double _worstScore = 1e9;

    public BeamHypotheses(int size, int capacity, GenerationPlan plan)
    {
        (_size, _plan) = (size, plan);
        _kept = new List<Hypothesis>(size + 1);
        _free = new Stack<Hypothesis>(Enumerable.Range(0, size + 1).Select(_ => new Hypothesis(capacity)));
    }

    /// <summary>What is kept, in the order it was added.</summary>
    public IReadOnlyList<Hypothesis> Kept => _kept;

    /// <summary>Adds a sequence if it is among the best.</summary>
    /// <param name="tokens">Start token to last token, without an end token.</param>
    /// <param name="logProbabilities">By position, as long as <paramref name="tokens"/>.</param>
    /// <param name="sumLogProbabilities">Sum, the end token's included.</param>
    /// <param name="finish">Why it ends.</param>
    /// <param name="endLogProbability">The end token's log-probability, if it ends with one.</param>
    public void Add(ReadOnlySpan<int> tokens, ReadOnlySpan<float> logProbabilities, float sumLogProbabilities, FinishReason finish, float endLogProbability = 0)
    {
        var score = _plan.Score(sumLogProbabilities, tokens.Length);
        if (_kept.Count >= _size && !(score > _worstScore))
            return;
        var hypothesis = _free.Pop();
        hypothesis.Set(tokens, logProbabilities, score, finish, endLogProbability);
        _kept.Add(hypothesis);
        if (_kept.Count <= _size)
        {
            _worstScore = Math.Min(score, _worstScore);
            return;
        }

        var worst = 0;
        for (var i = 1; i < _kept.Count; i++)
        {
            if (_kept[i].Score < _kept[worst].Score)
                worst = i;
        }

        _free.Push(_kept[worst]);
        _kept.RemoveAt(worst);
        _worstScore = double.PositiveInfinity;
        foreach (var kept in _kept)
            _worstScore = Math.Min(_worstScore, kept.Score);
    }

    /// <summary>Whether the search can end.</summary>
    /// <param name="bestSum">Best sum of log-probabilities among this step's candidates.</param>
    /// <param name="length">Length of the running beams before the new token.</param>
    public bool IsDone(float bestSum, int length)
    {
        if (_kept.Count < _size)
            return false;
        if (_plan.EarlyStopping == EarlyStopping.True)
            return true;
        if (_plan.Compatibility == Compatibility.Transformers431)
            length = _plan.EarlyStopping == EarlyStopping.Never && _plan.LengthPenalty > 0 ? _plan.MaxLength : length + 1;
        return _worstScore >= _plan.Score(bestSum, length);
    }

    /// <summary>One finished sequence.</summary>
    public sealed class Hypothesis(int capacity)
    {
        private readonly int[] _tokens = new int[capacity];
        private readonly float[] _logProbabilities = new float[capacity];
        private int _length;

        public double Score { get; private set; }

        public FinishReason Finish { get; private set; }

        public float EndLogProbability { get; private set; }

        public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, _length);

        public ReadOnlySpan<float> LogProbabilities => _logProbabilities.AsSpan(0, _length);

        public void Set(ReadOnlySpan<int> tokens, ReadOnlySpan<float> logProbabilities, double score, FinishReason finish, float endLogProbability)
        {
            tokens.CopyTo(_tokens);
            logProbabilities.CopyTo(_logProbabilities);
            (_length, Score, Finish, EndLogProbability) = (tokens.Length, score, finish, endLogProbability);
        }
    }
}
