using System.Buffers;

namespace Sightline.Models;

/// <summary>
/// Cross-attention keys and values of every decoder block, computed once per picture: [pictures, key then value, heads, length, head size] each, so that
/// a head reads one stream. The memory is lent by the shared pool until it is disposed.
/// </summary>
internal sealed class CrossCache : IDisposable
{
    private readonly int _pictures;
    private readonly int _heads;
    private readonly int _hidden;
    private readonly int _pictureSize;
    private float[][]? _layers;

    public CrossCache(int layers, int pictures, int length, int heads, int hidden)
    {
        (Length, _pictures, _heads, _hidden, _pictureSize) = (length, pictures, heads, hidden, checked(2 * length * hidden));
        _layers = new float[layers][];
        for (var i = 0; i < layers; i++)
            _layers[i] = ArrayPool<float>.Shared.Rent(checked(pictures * _pictureSize));
    }

    /// <summary>Encoder positions of a picture.</summary>
    public int Length { get; }

    /// <summary>A block's keys of one picture: key i of head h at (h · length + i) · head size.</summary>
    public ReadOnlySpan<float> Keys(int layer, int picture) => Layer(layer).AsSpan(picture * _pictureSize, _pictureSize / 2);

    /// <summary>Its values, laid out as the keys.</summary>
    public ReadOnlySpan<float> Values(int layer, int picture) => Layer(layer).AsSpan((picture * _pictureSize) + (_pictureSize / 2), _pictureSize / 2);

    /// <summary>Stores a block's keys and values.</summary>
    /// <param name="layer">The block.</param>
    /// <param name="keysAndValues">[pictures · length, key then value, hidden], as the block's linear layer gives them.</param>
    public void Fill(int layer, ReadOnlySpan<float> keysAndValues)
    {
        var target = Layer(layer).AsSpan();
        var size = _hidden / _heads;
        for (var picture = 0; picture < _pictures; picture++)
        {
            for (var part = 0; part < 2 * _heads; part++) // heads of keys, then of values
            {
                for (var i = 0; i < Length; i++, target = target[size..])
                    keysAndValues.Slice((((picture * Length) + i) * 2 * _hidden) + (part * size), size).CopyTo(target);
            }
        }
    }

    private float[] Layer(int layer) => (_layers ?? throw new ObjectDisposedException(nameof(CrossCache)))[layer];

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _layers, null) is not { } layers)
            return;
        foreach (var layer in layers)
            ArrayPool<float>.Shared.Return(layer);
    }
}
