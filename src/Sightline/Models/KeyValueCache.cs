using System.Buffers;

namespace Sightline.Models;

/// <summary>
/// Self-attention keys and values of every decoder block, [capacity, rows, hidden] each. A table says which row's place holds a position of a row, so
/// that beams change places without a key being copied. The memory is lent by the shared pool until it is disposed.
/// </summary>
internal sealed class KeyValueCache : IDisposable
{
    private readonly int _stride; // rows that there is room for at each position
    private readonly int _hidden;
    private readonly float[][] _keys;
    private readonly float[][] _values;
    private int[] _places; // [rows, capacity]: where the keys and values of a row's position begin
    private int[] _reordered;
    private int[] _gathered;
    private int _rows;

    public KeyValueCache(int layers, int rows, int capacity, int hidden)
    {
        (_stride, _rows, Capacity, _hidden) = (rows, rows, capacity, hidden);
        (_keys, _values) = (new float[layers][], new float[layers][]);
        for (var i = 0; i < layers; i++)
        {
            _keys[i] = ArrayPool<float>.Shared.Rent(checked(rows * capacity * hidden));
            _values[i] = ArrayPool<float>.Shared.Rent(rows * capacity * hidden);
        }

        _places = new int[rows * capacity];
        _reordered = new int[rows * capacity];
        _gathered = new int[rows * capacity];
    }

    /// <summary>Positions filled.</summary>
    public int Length { get; private set; }

    public int Capacity { get; private set; }

    public Span<float> Keys(int layer) => _keys[layer];

    public Span<float> Values(int layer) => _values[layer];

    /// <summary>Where the first <paramref name="count"/> positions of a row lie, in floats.</summary>
    public ReadOnlySpan<int> Places(int row, int count) => _places.AsSpan(row * Capacity, count);

    /// <summary>The same for all rows, [rows, count]; valid until the next call.</summary>
    public ReadOnlySpan<int> GatherPlaces(int count)
    {
        for (var row = 0; row < _rows; row++)
            Places(row, count).CopyTo(_gathered.AsSpan(row * count));
        return _gathered.AsSpan(0, _rows * count);
    }

    public void Advance(int count) => Length += count;

    /// <summary>Forgets the positions from <paramref name="length"/> on.</summary>
    public void Crop(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
    }

    /// <summary>Makes room for <paramref name="count"/> more positions and gives them their places.</summary>
    public void Reserve(int count, int maximum)
    {
        if (Length + count > Capacity)
            Grow(Math.Min(maximum, Math.Max(Length + count, 2 * Capacity)));
        for (var row = 0; row < _rows; row++)
        {
            for (var position = Length; position < Length + count; position++)
                _places[(row * Capacity) + position] = ((position * _stride) + row) * _hidden;
        }
    }

    /// <summary>Row r continues from what row sources[r] holds; there may be fewer rows than before.</summary>
    public void Reorder(ReadOnlySpan<int> sources)
    {
        _rows = sources.Length;
        for (var row = 0; row < _rows; row++)
            Places(sources[row], Length).CopyTo(_reordered.AsSpan(row * Capacity));
        (_places, _reordered) = (_reordered, _places);
    }

    /// <summary>One block's keys or values as HF's <c>past_key_values</c> has them: [rows, heads, length, headDim].</summary>
    public float[] SplitHeads(int layer, int heads, bool keys)
    {
        var source = (keys ? _keys : _values)[layer];
        var headDim = _hidden / heads;
        var result = new float[_rows * Length * _hidden];
        for (var row = 0; row < _rows; row++)
        {
            var places = Places(row, Length);
            for (var head = 0; head < heads; head++)
            {
                for (var position = 0; position < Length; position++)
                {
                    source.AsSpan(places[position] + (head * headDim), headDim)
                        .CopyTo(result.AsSpan(((row * heads + head) * Length + position) * headDim));
                }
            }
        }

        return result;
    }

    public void Dispose()
    {
        foreach (var arrays in new[] { _keys, _values })
        {
            for (var layer = 0; layer < arrays.Length; layer++)
                ArrayPool<float>.Shared.Return(Interlocked.Exchange(ref arrays[layer], []));
        }
    }

    private void Grow(int capacity)
    {
        foreach (var arrays in new[] { _keys, _values })
        {
            for (var layer = 0; layer < arrays.Length; layer++)
            {
                var grown = ArrayPool<float>.Shared.Rent(checked(_stride * capacity * _hidden));
                arrays[layer].AsSpan(0, _stride * Length * _hidden).CopyTo(grown);
                ArrayPool<float>.Shared.Return(arrays[layer]);
                arrays[layer] = grown;
            }
        }

        var places = new int[_stride * capacity];
        for (var row = 0; row < _rows; row++)
            Places(row, Length).CopyTo(places.AsSpan(row * capacity));
        (_places, _reordered, _gathered, Capacity) = (places, new int[places.Length], new int[places.Length], capacity);
    }
}
