using System.Buffers;

namespace Sightline.Models;

/// <summary>
/// Cross-attention keys and values of every decoder block, computed once per picture: [pictures, length, key then value, hidden] each, as the block's
/// linear layer gives them. The memory is lent by the shared pool until it is disposed.
/// </summary>
internal sealed class CrossCache : IDisposable
{
    private readonly int _pictureSize;
    private float[][]? _layers;

    public CrossCache(int layers, int pictures, int length, int hidden)
    {
        (Length, _pictureSize) = (length, checked(2 * length * hidden));
        _layers = new float[layers][];
        for (var i = 0; i < layers; i++)
            _layers[i] = ArrayPool<float>.Shared.Rent(checked(pictures * _pictureSize));
    }

    /// <summary>Encoder positions of a picture.</summary>
    public int Length { get; }

    /// <summary>A block's keys and values of all pictures.</summary>
    public float[] Layer(int layer) => (_layers ?? throw new ObjectDisposedException(nameof(CrossCache)))[layer];

    /// <summary>A block's keys and values of one picture: key i at i · 2 · hidden, its value hidden floats behind it.</summary>
    public ReadOnlySpan<float> Picture(int layer, int picture) => Layer(layer).AsSpan(picture * _pictureSize, _pictureSize);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _layers, null) is not { } layers)
            return;
        foreach (var layer in layers)
            ArrayPool<float>.Shared.Return(layer);
    }
}
