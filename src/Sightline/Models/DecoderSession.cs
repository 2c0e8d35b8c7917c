using Sightline.Generation;

namespace Sightline.Models;

/// <summary>Decoding with a key/value cache; cross-attention keys and values are those of the pictures, shared by their rows.</summary>
internal sealed class DecoderSession : ISpeculativeSession, IShrinkableSession
{
    private const int InitialCapacity = 64;
    private readonly Gpt2Decoder _decoder;
    private readonly CrossCache _cross;
    private readonly KeyValueCache _cache;
    private readonly int _rowsPerImage;
    private Gpt2Scratch _scratch;
    private float[] _last;

    public DecoderSession(Gpt2Decoder decoder, CrossCache cross, int images, int rowsPerImage)
    {
        _decoder = decoder;
        _cross = cross;
        _rowsPerImage = rowsPerImage;
        Rows = images * rowsPerImage;
        _cache = decoder.CreateSelfCache(Rows, InitialCapacity);
        _scratch = decoder.CreateScratch(Rows);
        _last = [];
    }

    public int Rows { get; private set; }

    public int VocabularySize => _decoder.Config.VocabSize;

    public int Length => _cache.Length;

    public int MaxPositions => _decoder.Config.NPositions;

    public void Step(ReadOnlySpan<int> tokenIds, int count, Span<float> logits) => Step(tokenIds, count, 1, logits);

    public void Step(ReadOnlySpan<int> tokenIds, int count, int positions, Span<float> logits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, positions);
        ArgumentOutOfRangeException.ThrowIfLessThan(positions, 1);
        ArgumentOutOfRangeException.ThrowIfNotEqual(tokenIds.Length, Rows * count);
        if (Length + count > MaxPositions)
            throw new SightlineException($"the decoder has {MaxPositions} positions; {Length + count} are needed. Ask for a shorter max_length.");
        TokenIds.Check(tokenIds, VocabularySize);
        if (_scratch.Positions < Rows * count)
            _scratch = _decoder.CreateScratch(Rows * count);
        _decoder.Forward(tokenIds, Rows, count, _cache, _cross, _rowsPerImage, [], _scratch);
        _decoder.Logits(LastStates(count, positions), Rows * positions, logits);
    }

    public void Crop(int length) => _cache.Crop(length);

    public void Reorder(ReadOnlySpan<int> sources)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(sources.Length, Rows);
        _cache.Reorder(sources);
    }

    public void Keep(ReadOnlySpan<int> sources)
    {
        for (var row = 0; row < sources.Length; row += _rowsPerImage)
        {
            var (from, to) = (sources[row] / _rowsPerImage, row / _rowsPerImage);
            ArgumentOutOfRangeException.ThrowIfLessThan(from, to);
            if (from > to)
                _cross.Move(from, to);
        }

        _cache.Reorder(sources);
        Rows = sources.Length;
    }

    public void Dispose()
    {
        _cross.Dispose();
        _cache.Dispose();
    }

    private ReadOnlySpan<float> LastStates(int count, int positions)
    {
        if (count == positions)
            return _scratch.States;
        var hidden = _decoder.Config.NEmbd;
        if (_last.Length < Rows * positions * hidden)
            _last = new float[Rows * positions * hidden];
        for (var row = 0; row < Rows; row++)
            _scratch.States.AsSpan(((row + 1) * count - positions) * hidden, positions * hidden).CopyTo(_last.AsSpan(row * positions * hidden));
        return _last;
    }
}
