namespace Sightline.Generation;

/// <summary>Greedy search and sampling: one token per unfinished row and step. Nothing is allocated per token.</summary>
internal sealed class TokenLoop : IDisposable
{
    private readonly GenerationPlan _plan;
    private readonly int _vocabulary;
    private readonly int _capacity;
    private readonly int[] _tokens; // [rows, capacity]
    private readonly float[] _logProbabilities; // [rows, capacity], by position
    private readonly int[] _lengths; // [rows], grows until the row is finished
    private readonly FinishReason?[] _finish; // [rows]
    private readonly PortableRandom[] _random; // [rows], empty when greedy
    private readonly ScoreBuffers _logits;
    private readonly int[] _next; // [rows], after the first step
    private readonly ActiveRows _active;
    private readonly Predicate<int> _isFinished;
    private int _length;

    public TokenLoop(IDecoderSession session, GenerationPlan plan)
    {
        _plan = plan;
        _vocabulary = session.VocabularySize;
        _capacity = plan.Capacity(session);
        var rows = session.Rows;
        _tokens = new int[rows * _capacity];
        _logProbabilities = new float[rows * _capacity];
        _lengths = new int[rows];
        _finish = new FinishReason?[rows];
        _logits = new ScoreBuffers(rows, _vocabulary);
        _next = new int[rows];
        _active = new ActiveRows(session, plan.RowsPerImage, mayShrink: plan.Options.ScoresObserver is null);
        _isFinished = row => _finish[row] is not null;
        _length = plan.PromptIds.Length;
        for (var row = 0; row < rows; row++)
            plan.PromptIds.CopyTo(_tokens, row * _capacity);
        Array.Fill(_lengths, _length);

        // The stream depends on the seed and the return index only, not on the place in the batch.
        _random = plan.Seed is { } seed
            ? [.. Enumerable.Range(0, rows).Select(row => new PortableRandom(seed, row % plan.RowsPerImage))]
            : [];
    }

    /// <summary>Sequences that are generated.</summary>
    public int Rows => _active.Rows;

    public GeneratedSequence[] Run(CancellationToken cancellationToken)
    {
        while (Advance(cancellationToken))
        {
        }

        return Sequences();
    }

    /// <summary>What was generated, once all rows are finished.</summary>
    public GeneratedSequence[] Sequences() => [.. Enumerable.Range(0, Rows).Select(Sequence)];

    /// <summary>Chooses one token for each unfinished row; false if all were finished before.</summary>
    public bool Advance(CancellationToken cancellationToken)
    {
        if (!_finish.Contains(null))
            return false;
        cancellationToken.ThrowIfCancellationRequested();
        _active.Step(_plan.PromptIds, _next, _logits.All);

        foreach (var row in _active.Current)
        {
            if (_finish[row] is null)
                Process(row);
        }

        _plan.Options.ScoresObserver?.Invoke(_length - _plan.PromptIds.Length, _logits.All, _vocabulary);
        _length++;
        foreach (var row in _active.Current)
        {
            _next[row] = _plan.PadTokenId;
            if (_finish[row] is null)
                Choose(row);
        }

        _active.Shrink(_isFinished);
        return true;
    }

    /// <summary>The token that the latest <see cref="Advance"/> gave the row, if it did.</summary>
    public bool TryGetNewToken(int row, out GeneratedToken token)
    {
        var position = row * _capacity + _length - 1;
        token = new GeneratedToken(
            row / _plan.RowsPerImage, row % _plan.RowsPerImage, _tokens[position], _logProbabilities[position], _finish[row]);
        return _lengths[row] == _length;
    }

    public void Dispose() => _logits.Dispose();

    private Span<float> Scores(int row) => _logits.Row(_active.PlaceOf(row));

    private GenerationContext Context(int row) => new()
    {
        InputIds = _tokens.AsSpan(row * _capacity, _lengths[row]),
        PromptLength = _plan.PromptIds.Length,
        Image = row / _plan.RowsPerImage,
        Row = row,
    };

    private void Process(int row)
    {
        var context = Context(row);
        foreach (var processor in _plan.Processors)
            processor.Process(context, Scores(row));
        foreach (var warper in _plan.Warpers)
            warper.Process(context, Scores(row));
    }

    private void Choose(int row)
    {
        var scores = Scores(row);
        var logSum = LogSoftmax.LogSumExp(scores, _logits.Scratch, out var max);
        if (!float.IsFinite(logSum))
            throw NoToken(row, logSum);
        var token = _random.Length > 0 ? Draw(ref _random[row]) : scores.IndexOf(max);
        var position = row * _capacity + _lengths[row]++;
        _tokens[position] = token;
        _logProbabilities[position] = scores[token] - logSum;
        if (_plan.EosTokenIds.Contains(token))
            _finish[row] = FinishReason.EndOfSequence;
        else if (_length == _capacity)
            _finish[row] = FinishReason.Length;
        else if (StopsByCriterion(row))
            _finish[row] = FinishReason.Criterion;
        else
            _next[row] = token;
    }

    private bool StopsByCriterion(int row)
    {
        var stop = false;
        for (var i = 0; i < _plan.Options.StoppingCriteria.Count; i++)
            stop |= _plan.Options.StoppingCriteria[i].ShouldStop(Context(row));
        return stop;
    }

    // Inverse transform over the exponentials that LogSumExp left in the scratch.
    private int Draw(ref PortableRandom random)
    {
        var weights = _logits.Scratch;
        var total = 0.0;
        foreach (var weight in weights)
            total += weight;
        var target = random.NextDouble() * total;
        var (sum, last) = (0.0, 0);
        for (var token = 0; token < weights.Length; token++)
        {
            if (weights[token] == 0)
                continue;
            last = token;
            sum += weights[token];
            if (sum > target)
                break;
        }

        return last;
    }

    private SightlineException NoToken(int row, float logSum) => new(
        $"image {row / _plan.RowsPerImage}, token {_length - 1 - _plan.PromptIds.Length}: no token can be chosen, the scores are "
        + (float.IsNegativeInfinity(logSum) || Scores(row).ContainsAnyExcept(float.NegativeInfinity) == false
            ? "all minus infinity; the generation options forbid every token."
            : "not finite; is the checkpoint damaged? (remove_invalid_values replaces them.)"));

    private GeneratedSequence Sequence(int row)
    {
        var prompt = _plan.PromptIds.Length;
        var logProbabilities = _logProbabilities.AsSpan(row * _capacity + prompt, _lengths[row] - prompt).ToArray();
        var sum = 0f; // fp32 like the running sums of beam search
        foreach (var value in logProbabilities)
            sum += value;
        var finish = _finish[row]!.Value;
        return new GeneratedSequence
        {
            Image = row / _plan.RowsPerImage,
            TokenIds = _tokens.AsSpan(row * _capacity, _lengths[row]).ToArray(),
            PromptLength = prompt,
            LogProbabilities = logProbabilities,
            Score = _plan.Score(sum, _lengths[row] - (finish == FinishReason.EndOfSequence ? 1 : 0)),
            Finish = finish,
        };
    }
}
