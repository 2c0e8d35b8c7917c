using System.Buffers;
using Sightline.Kernels;

namespace Sightline.Models;

/// <summary>
/// Cross-attention keys and values of every decoder block, computed once per picture and kept as the kernels like them. The memory is lent by the shared
/// pool until it is disposed.
/// </summary>
internal sealed class CrossCache : IDisposable
{
    private readonly KernelSet _kernels;
    private readonly int _hidden;
    private readonly AttentionShape _shape;
    private readonly int _pictureSize;
    private byte[][]? _layers;

    public CrossCache(KernelSet kernels, int layers, int pictures, int length, int heads, int hidden)
    {
        (_kernels, _hidden) = (kernels, hidden);
        _shape = new AttentionShape
        {
            Batch = 1,
            Heads = heads,
            HeadDim = hidden / heads,
            QueryLength = 0,
            KeyLength = length,
            QueryStride = hidden,
            KeyStride = 2 * hidden,
            OutputStride = hidden,
            Scale = 1,
        };
        _pictureSize = kernels.PackedKeysAndValuesSize(_shape);
        _layers = new byte[layers][];
        for (var i = 0; i < layers; i++)
            _layers[i] = ArrayPool<byte>.Shared.Rent(checked(pictures * _pictureSize));
    }

    /// <summary>Encoder positions of a picture.</summary>
    public int Length => _shape.KeyLength;

    /// <summary>Stores a block's keys and values of some pictures.</summary>
    /// <param name="layer">The block.</param>
    /// <param name="picture">The first picture.</param>
    /// <param name="pictures">How many.</param>
    /// <param name="keysAndValues">[pictures · length, key then value, hidden], as the block's linear layer gives them.</param>
    public void Fill(int layer, int picture, int pictures, ReadOnlySpan<float> keysAndValues) =>
        _kernels.PackKeysAndValues(_shape with { Batch = pictures }, keysAndValues, keysAndValues[_hidden..], Layers[layer].AsSpan(picture * _pictureSize, pictures * _pictureSize));

    /// <summary>Attends to some pictures, from the first on.</summary>
    /// <param name="layer">The block.</param>
    /// <param name="picture">The first picture.</param>
    /// <param name="pictures">How many.</param>
    /// <param name="queryLength">Queries of each.</param>
    /// <param name="scale">Factor on the scores.</param>
    /// <param name="queries">[pictures · queryLength, hidden].</param>
    /// <param name="output">Likewise.</param>
    /// <param name="probabilities">[pictures, heads, queryLength, length], filled if not empty.</param>
    public void Attend(int layer, int picture, int pictures, int queryLength, float scale, ReadOnlySpan<float> queries, Span<float> output, Span<float> probabilities) =>
        _kernels.Attention(_shape with { Batch = pictures, QueryLength = queryLength, Scale = scale }, queries,
            Layers[layer].AsSpan(picture * _pictureSize, pictures * _pictureSize), output, probabilities);

    /// <summary>Puts a picture into the place of another.</summary>
    public void Move(int from, int to)
    {
        foreach (var layer in Layers)
            layer.AsSpan(from * _pictureSize, _pictureSize).CopyTo(layer.AsSpan(to * _pictureSize));
    }

    private byte[][] Layers => _layers ?? throw new ObjectDisposedException(nameof(CrossCache));

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _layers, null) is not { } layers)
            return;
        foreach (var layer in layers)
            ArrayPool<byte>.Shared.Return(layer);
    }
}
