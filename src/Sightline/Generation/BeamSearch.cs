namespace Sightline.Generation;

/// <summary>
/// Beam search, diverse beam search and beam sampling (generation_utils.py and generation_beam_search.py of Transformers 4.17; where 4.31
/// differs, by option). A search is one image, or one returned sequence of an image in beam sampling. Nothing is allocated per token.
/// </summary>
internal sealed class BeamSearch : IDisposable
{
    // HF's score of beams that must not be chosen in the first step, where all beams are alike.
    private const float Unborn = -1e9f;

    private readonly GenerationPlan _plan;
    private readonly int _vocabulary;
    private readonly int _capacity;
    private readonly int _groupSize;
    private readonly BeamHypotheses[] _hypotheses; // [searches]: one list for all groups, in 4.17 as in 4.31
    private readonly bool[] _done; // [searches]
    private readonly TopCandidates _candidates;
    private readonly PortableRandom[] _random; // [searches], empty without sampling
    private readonly ScoreBuffers _logits;
    private readonly ActiveRows _active;
    private readonly Predicate<int> _isDone;
    private readonly float[] _beamScores; // [rows], sums of log-probabilities
    private readonly int[] _next; // [rows], the new tokens
    private readonly float[] _nextLogProbabilities; // [rows]
    private readonly float[] _nextScores; // [rows]
    private readonly int[] _sources; // [rows], the row that each row goes on from
    private int[] _tokens, _otherTokens; // [rows, capacity]
    private float[] _logProbabilities, _otherLogProbabilities; // [rows, capacity], by position
    private int _length;

    public BeamSearch(IDecoderSession session, GenerationPlan plan)
    {
        _plan = plan;
        _vocabulary = session.VocabularySize;
        _capacity = plan.Capacity(session);
        _groupSize = plan.NumBeams / plan.NumBeamGroups;
        var rows = session.Rows;
        var searches = rows / plan.NumBeams;

        _hypotheses = [.. Enumerable.Range(0, searches).Select(_ => new BeamHypotheses(plan.NumBeams, _capacity, plan))];
        _done = new bool[_hypotheses.Length];

        // Twice the beams, so that enough are left if one per beam ends; more with several end tokens.
        _candidates = new TopCandidates(_groupSize * Math.Max(2, plan.EosTokenIds.Length + 1));
        _random = plan.Seed is { } seed
            ? [.. Enumerable.Range(0, searches).Select(search => new PortableRandom(seed, search % plan.SearchesPerImage))]
            : [];
        _logits = new ScoreBuffers(rows, _vocabulary);
        _active = new ActiveRows(session, plan.RowsPerImage, mayShrink: plan.Options.ScoresObserver is null);
        _isDone = row => _done[row / plan.NumBeams];
        _beamScores = new float[rows];
        _next = new int[rows];
        _nextLogProbabilities = new float[rows];
        _nextScores = new float[rows];
        _sources = new int[rows];
        (_tokens, _otherTokens) = (new int[rows * _capacity], new int[rows * _capacity]);
        (_logProbabilities, _otherLogProbabilities) = (new float[rows * _capacity], new float[rows * _capacity]);
        _length = plan.PromptIds.Length;
        for (var row = 0; row < rows; row++)
        {
            plan.PromptIds.CopyTo(_tokens, row * _capacity);
            _beamScores[row] = row % _groupSize == 0 || plan.DoSample ? 0 : Unborn;
        }
    }

    public GeneratedSequence[] Run(CancellationToken cancellationToken)
    {
        while (_length < _capacity && _done.Contains(false))
        {
            cancellationToken.ThrowIfCancellationRequested();
            Advance();
        }

        for (var search = 0; search < _done.Length; search++)
            AddRunningBeams(search, FinishReason.Length);
        return [.. Enumerable.Range(0, _done.Length).SelectMany(Best)];
    }

    public void Dispose() => _logits.Dispose();

    private void Advance()
    {
        _active.Step(_plan.PromptIds, _next, _logits.All);

        for (var search = 0; search < _done.Length; search++)
        {
            for (var group = 0; group < _plan.NumBeamGroups; group++)
            {
                var firstRow = search * _plan.NumBeams + group * _groupSize;
                if (_done[search])
                    Pad(firstRow);
                else
                    Extend(search, firstRow);
            }
        }

        _plan.Options.ScoresObserver?.Invoke(_length - _plan.PromptIds.Length, _logits.All, _vocabulary);
        Reorder();
        if (_plan.Options.StoppingCriteria.Count > 0)
            ApplyCriteria();
        _active.Shrink(_isDone);
    }

    private void Pad(int firstRow)
    {
        for (var row = firstRow; row < firstRow + _groupSize; row++)
            (_next[row], _sources[row], _nextScores[row], _nextLogProbabilities[row]) = (_plan.PadTokenId, row, 0, 0);
    }

    private void Extend(int search, int firstRow)
    {
        for (var row = firstRow; row < firstRow + _groupSize; row++)
            Process(search, row);
        if (_plan.DoSample)
            DrawCandidates(ref _random[search], firstRow);
        else
            FindCandidates(firstRow);
        if (_candidates.Count == 0)
            throw new SightlineException($"image {search / _plan.SearchesPerImage}, token {_length - _plan.PromptIds.Length}: no token can be chosen, the scores are not numbers; is the checkpoint damaged?");

        var filled = 0;
        for (var rank = 0; rank < _candidates.Count && filled < _groupSize; rank++)
        {
            var (beam, token) = Math.DivRem(_candidates.Index(rank), _vocabulary);
            var (source, score) = (firstRow + beam, _candidates.Score(rank));
            var logProbability = _plan.DoSample ? score - _beamScores[source] : _logits.Row(_active.PlaceOf(source))[token];
            if (_plan.EosTokenIds.Contains(token))
            {
                if (rank < _groupSize)
                    _hypotheses[search].Add(Tokens(source), LogProbabilities(source), score, FinishReason.EndOfSequence, logProbability);
                continue;
            }

            var row = firstRow + filled++;
            (_next[row], _sources[row], _nextScores[row], _nextLogProbabilities[row]) = (token, source, score, logProbability);
        }

        // Only when sampling left fewer tokens than beams (HF stops with an error): beams that nothing can choose.
        for (; filled < _groupSize; filled++)
        {
            var row = firstRow + filled;
            (_next[row], _sources[row], _nextScores[row], _nextLogProbabilities[row]) = (_plan.PadTokenId, row, float.NegativeInfinity, float.NegativeInfinity);
        }

        _done[search] = _hypotheses[search].IsDone(_candidates.Score(0), _length);
    }

    private void Process(int search, int row)
    {
        var scores = _logits.Row(_active.PlaceOf(row));
        LogSoftmax.InPlace(scores, _logits.Scratch);
        var firstOfSearch = search * _plan.NumBeams;
        var context = new GenerationContext
        {
            InputIds = Tokens(row),
            PromptLength = _plan.PromptIds.Length,
            Image = search / _plan.SearchesPerImage,
            Row = row,
            PreviousGroupTokens = _next.AsSpan(firstOfSearch, (row - firstOfSearch) / _groupSize * _groupSize),
        };
        foreach (var processor in _plan.Processors)
            processor.Process(context, scores);
        if (!_plan.DoSample)
            return;
        System.Numerics.Tensors.TensorPrimitives.Add(scores, _beamScores[row], scores);
        foreach (var warper in _plan.Warpers)
            warper.Process(context, scores);
    }

    private void FindCandidates(int firstRow)
    {
        _candidates.Clear();
        for (var beam = 0; beam < _groupSize; beam++)
            _candidates.Offer(_logits.Row(_active.PlaceOf(firstRow + beam)), _beamScores[firstRow + beam], beam * _vocabulary);
        _candidates.Sort();
    }

    // Candidates without replacement from the softmax over all beams and tokens: the largest of score + Gumbel noise (Gumbel-top-k trick).
    private void DrawCandidates(ref PortableRandom random, int firstRow)
    {
        _candidates.Clear();
        var scores = _logits.Rows(_active.PlaceOf(firstRow), _groupSize);
        for (var i = 0; i < scores.Length; i++)
        {
            if (scores[i] > float.NegativeInfinity)
                _candidates.Offer((float)(scores[i] + random.NextGumbel()), i);
        }

        for (var i = 0; i < _candidates.Count; i++)
            _candidates.Rescore(i, scores[_candidates.Index(i)]);
        _candidates.Sort();
    }

    // Every row takes over its source's history, gets its new token, and the session follows.
    private void Reorder()
    {
        var moved = false;
        for (var row = 0; row < _active.Rows; row++)
        {
            moved |= _sources[row] != row;
            var (from, to) = (_sources[row] * _capacity, row * _capacity);
            _tokens.AsSpan(from, _length).CopyTo(_otherTokens.AsSpan(to));
            _logProbabilities.AsSpan(from, _length).CopyTo(_otherLogProbabilities.AsSpan(to));
            _otherTokens[to + _length] = _next[row];
            _otherLogProbabilities[to + _length] = _nextLogProbabilities[row];
        }

        (_tokens, _otherTokens) = (_otherTokens, _tokens);
        (_logProbabilities, _otherLogProbabilities) = (_otherLogProbabilities, _logProbabilities);
        _nextScores.CopyTo(_beamScores, 0);
        _length++;
        if (moved && _length < _capacity && _done.Contains(false))
            _active.Reorder(_sources);
    }

    private void ApplyCriteria()
    {
        for (var search = 0; search < _done.Length; search++)
        {
            var stop = true;
            for (var row = search * _plan.NumBeams; row < (search + 1) * _plan.NumBeams; row++)
                stop &= StopsByCriterion(search, row);
            if (stop)
                AddRunningBeams(search, FinishReason.Criterion);
        }
    }

    private bool StopsByCriterion(int search, int row)
    {
        var context = new GenerationContext { InputIds = Tokens(row), PromptLength = _plan.PromptIds.Length, Image = search / _plan.SearchesPerImage, Row = row };
        var stop = false;
        for (var i = 0; i < _plan.Options.StoppingCriteria.Count; i++)
            stop |= _plan.Options.StoppingCriteria[i].ShouldStop(context);
        return stop;
    }

    private void AddRunningBeams(int search, FinishReason reason)
    {
        if (_done[search])
            return;
        _done[search] = true;
        for (var row = search * _plan.NumBeams; row < (search + 1) * _plan.NumBeams; row++)
            _hypotheses[search].Add(Tokens(row), LogProbabilities(row), _beamScores[row], reason);
    }

    private ReadOnlySpan<int> Tokens(int row) => _tokens.AsSpan(row * _capacity, _length);

    private ReadOnlySpan<float> LogProbabilities(int row) => _logProbabilities.AsSpan(row * _capacity, _length);

    // Best first; of equal scores the one added last comes first, as Python's sort and pop give it.
    private IEnumerable<GeneratedSequence> Best(int search) => _hypotheses[search].Kept
        .OrderBy(hypothesis => hypothesis.Score)
        .Reverse()
        .Take(_plan.NumReturnSequences / _plan.SearchesPerImage)
        .Select(hypothesis => Sequence(search, hypothesis));

    private GeneratedSequence Sequence(int search, BeamHypotheses.Hypothesis hypothesis)
    {
        var ended = hypothesis.Finish == FinishReason.EndOfSequence;
        var prompt = _plan.PromptIds.Length;
        return new GeneratedSequence
        {
            Image = search / _plan.SearchesPerImage,
            // HF appends the first end token, whichever it was.
            TokenIds = ended ? [.. hypothesis.Tokens, _plan.EosTokenIds[0]] : hypothesis.Tokens.ToArray(),
            PromptLength = prompt,
            LogProbabilities = ended ? [.. hypothesis.LogProbabilities[prompt..], hypothesis.EndLogProbability] : hypothesis.LogProbabilities[prompt..].ToArray(),
            Score = hypothesis.Score,
            Finish = hypothesis.Finish,
        };
    }
}
