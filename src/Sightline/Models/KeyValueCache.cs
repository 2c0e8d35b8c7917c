using System.Buffers;

namespace Sightline.Models;

/// <summary>
/// Keys and values of every decoder block, [rows, capacity, hidden] each. Self-attention's grows by a position per token;
/// cross-attention's is filled once per picture.
/// </summary>
internal sealed class KeyValueCache
{
    private readonly int _rows;
    private readonly int _hidden;
    private readonly float[][] _keys;
    private readonly float[][] _values;

    public KeyValueCache(int layers, int rows, int capacity, int hidden)
    {
        (_rows, Capacity, _hidden) = (rows, capacity, hidden);
        _keys = new float[layers][];
        _values = new float[layers][];
        for (var i = 0; i < layers; i++)
        {
            _keys[i] = new float[checked(rows * capacity * hidden)];
            _values[i] = new float[rows * capacity * hidden];
        }
    }

    /// <summary>Positions filled.</summary>
    public int Length { get; private set; }

    public int Capacity { get; private set; }

    public int RowStride => Capacity * _hidden;

    public Span<float> Keys(int layer, int row) => _keys[layer].AsSpan(row * RowStride, RowStride);

    public Span<float> Values(int layer, int row) => _values[layer].AsSpan(row * RowStride, RowStride);

    public void Advance(int count) => Length += count;

    /// <summary>Makes room for <paramref name="count"/> more positions.</summary>
    public void Reserve(int count, int maximum)
    {
        if (Length + count <= Capacity)
            return;
        var capacity = Math.Min(maximum, Math.Max(Length + count, 2 * Capacity));
        foreach (var arrays in new[] { _keys, _values })
        {
            for (var layer = 0; layer < arrays.Length; layer++)
            {
                var grown = new float[checked(_rows * capacity * _hidden)];
                for (var row = 0; row < _rows; row++)
                    arrays[layer].AsSpan(row * RowStride, Length * _hidden).CopyTo(grown.AsSpan(row * capacity * _hidden));
                arrays[layer] = grown;
            }
        }

        Capacity = capacity;
    }

    /// <summary>Row r gets what row sources[r] holds.</summary>
    public void Reorder(ReadOnlySpan<int> sources)
    {
        var used = Length * _hidden;
        var copy = ArrayPool<float>.Shared.Rent(_rows * used);
        foreach (var arrays in (ReadOnlySpan<float[][]>)[_keys, _values])
        {
            foreach (var array in arrays)
            {
                for (var row = 0; row < _rows; row++)
                    array.AsSpan(row * RowStride, used).CopyTo(copy.AsSpan(row * used));
                for (var row = 0; row < _rows; row++)
                {
                    if (sources[row] != row)
                        copy.AsSpan(sources[row] * used, used).CopyTo(array.AsSpan(row * RowStride));
                }
            }
        }

        ArrayPool<float>.Shared.Return(copy);
    }

    /// <summary>One block's keys or values as HF's <c>past_key_values</c> has them: [rows, heads, length, headDim].</summary>
    public float[] SplitHeads(int layer, int heads, bool keys)
    {
        var source = (keys ? _keys : _values)[layer];
        var headDim = _hidden / heads;
        var result = new float[_rows * Length * _hidden];
        for (var row = 0; row < _rows; row++)
        {
            for (var head = 0; head < heads; head++)
            {
                for (var position = 0; position < Length; position++)
                {
                    source.AsSpan(row * RowStride + position * _hidden + head * headDim, headDim)
                        .CopyTo(result.AsSpan(((row * heads + head) * Length + position) * headDim));
                }
            }
        }

        return result;
    }
}
