namespace Sightline.Metrics.Matching;

/// <summary>
/// Chooses the matches of METEOR 1.5: uncontested ones are fixed, the rest is a beam search over the reference from left to right that wants
/// most weighted words covered, then fewest chunks. Among equals that one is best whose chunks have most weight, the earlier in the reference first,
/// then the one with most matches, then what was found first; METEOR 1.5 decides some of these ties in another way (docs/metrics.md has the count on the golden files).
/// </summary>
/// <remarks>Denkowski and Lavie, "Meteor Universal: language specific translation evaluation for any target language", WMT 2014.</remarks>
internal sealed class MeteorAligner(IReadOnlyList<double> stageWeights)
{
    private const int BeamSize = 40;

    private readonly IReadOnlyList<double> _stageWeights = stageWeights;

    /// <summary>The chosen matches in the order of the reference, and the number of chunks.</summary>
    /// <param name="matches">All matches by their start in the reference, earlier stages first.</param>
    /// <param name="referenceLength">Words of the reference.</param>
    /// <param name="testLength">Words of the candidate.</param>
    public (List<MeteorMatch> Matches, int Chunks) Align(List<MeteorMatch>[] matches, int referenceLength, int testLength)
    {
        var paths = new List<Path> { FixUncontested(matches, referenceLength, testLength) };
        for (var position = 0; position < referenceLength; position++)
        {
            var next = new List<Path>();
            foreach (var path in Prune(paths))
                Extend(path, position, matches[position], next);
            paths = next;
        }

        foreach (var path in paths)
            path.Close();
        var best = paths.Order(Path.Better).ThenBy(path => path, Path.Earlier).ThenByDescending(path => path.Count).First();
        return ([.. best.Chosen.OfType<MeteorMatch>()], best.Chunks);
    }

    // The best paths in the order in which they were found.
    private static IEnumerable<Path> Prune(List<Path> paths)
    {
        if (paths.Count <= BeamSize)
            return paths;
        return paths.Select((path, found) => (path, found)).OrderBy(x => x.path, Path.Better).Take(BeamSize).OrderBy(x => x.found).Select(x => x.path);
    }

    private static Path FixUncontested(List<MeteorMatch>[] matches, int referenceLength, int testLength)
    {
        var referenceUses = new int[referenceLength];
        var testUses = new int[testLength];
        foreach (var match in matches.SelectMany(x => x))
        {
            for (var i = 0; i < match.ReferenceLength; i++)
                referenceUses[match.ReferenceStart + i]++;
            for (var i = 0; i < match.TestLength; i++)
                testUses[match.TestStart + i]++;
        }

        var path = new Path(referenceLength, testLength);
        foreach (var match in matches.Where(x => x.Count == 1).Select(x => x[0]))
        {
            if (referenceUses.AsSpan(match.ReferenceStart, match.ReferenceLength).IndexOfAnyExcept(1) < 0
                && testUses.AsSpan(match.TestStart, match.TestLength).IndexOfAnyExcept(1) < 0)
            {
                path.Reserve(match);
            }
        }

        return path;
    }

    private void Extend(Path path, int position, List<MeteorMatch> matches, List<Path> next)
    {
        if (path.Chosen[position] is { } chosen)
        {
            path.Add(chosen, _stageWeights[chosen.Stage]);
            next.Add(path);
            return;
        }

        if (path.IsReferenceUsed(position))
        {
            next.Add(path);
            return;
        }

        foreach (var match in matches.Where(path.IsFree))
        {
            var extended = new Path(path);
            extended.Reserve(match);
            extended.Add(match, _stageWeights[match.Stage]);
            next.Add(extended);
        }

        path.Close();
        next.Add(path);
    }

    private sealed class Path
    {
        private readonly bool[] _referenceUsed;
        private readonly bool[] _testUsed;
        private readonly int[] _gains;
        private int _weight;
        private int _lastTestEnd = -1;
        private int _chunkStart;

        public Path(int referenceLength, int testLength)
        {
            Chosen = new MeteorMatch?[referenceLength];
            _referenceUsed = new bool[referenceLength];
            _testUsed = new bool[testLength];
            _gains = new int[referenceLength];
        }

        public Path(Path other)
        {
            Chosen = [.. other.Chosen];
            _referenceUsed = [.. other._referenceUsed];
            _testUsed = [.. other._testUsed];
            _weight = other._weight;
            Count = other.Count;
            _gains = [.. other._gains];
            _lastTestEnd = other._lastTestEnd;
            _chunkStart = other._chunkStart;
            Chunks = other.Chunks;
        }

        /// <summary>Best first; equal paths keep their order.</summary>
        public static IComparer<Path> Better { get; } = Comparer<Path>.Create(static (x, y) =>
        {
            if (x._weight != y._weight)
                return y._weight.CompareTo(x._weight);
            return x.Chunks.CompareTo(y.Chunks);
        });

        /// <summary>The path first whose earlier chunks, by their start in the reference, have more weight.</summary>
        public static IComparer<Path> Earlier { get; } = Comparer<Path>.Create(static (x, y) => y._gains.AsSpan().SequenceCompareTo(x._gains));

        public MeteorMatch?[] Chosen { get; }

        public int Chunks { get; private set; }

        /// <summary>The number of matches.</summary>
        public int Count { get; private set; }

        public bool IsReferenceUsed(int position) => _referenceUsed[position];

        public bool IsFree(MeteorMatch match) =>
            !_referenceUsed.AsSpan(match.ReferenceStart, match.ReferenceLength).Contains(true)
            && !_testUsed.AsSpan(match.TestStart, match.TestLength).Contains(true);

        public void Reserve(MeteorMatch match)
        {
            Chosen[match.ReferenceStart] = match;
            _referenceUsed.AsSpan(match.ReferenceStart, match.ReferenceLength).Fill(true);
            _testUsed.AsSpan(match.TestStart, match.TestLength).Fill(true);
        }

        /// <summary>Counts a reserved match when the search comes to it.</summary>
        public void Add(MeteorMatch match, double weight)
        {
            // METEOR keeps whole numbers here: a stem, a synonym or a one-word paraphrase adds nothing, and is taken only where it costs no chunk.
            var gain = (int)(match.TestLength * weight) + (int)(match.ReferenceLength * weight);
            _weight += gain;
            Count++;
            if (match.TestStart != _lastTestEnd)
                _chunkStart = match.ReferenceStart;
            _gains[_chunkStart] += gain;
            if (_lastTestEnd != -1 && match.TestStart != _lastTestEnd)
                Chunks++;
            _lastTestEnd = match.TestStart + match.TestLength;
        }

        /// <summary>Ends the chunk that is open, if one is.</summary>
        public void Close()
        {
            if (_lastTestEnd == -1)
                return;
            Chunks++;
            _lastTestEnd = -1;
        }
    }
}
