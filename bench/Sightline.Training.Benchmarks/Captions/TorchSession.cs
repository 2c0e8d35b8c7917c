using System.Runtime.InteropServices;
using Sightline.Generation;
using static TorchSharp.torch;

namespace Sightline.Training.Benchmarks.Captions;

/// <summary>A decoding run on TorchSharp.</summary>
internal sealed class TorchSession : IDecoderSession
{
    private readonly TorchDecoder _decoder;
    private readonly KeyValues[] _cross;
    private readonly KeyValues?[] _caches;

    /// <param name="decoder">The weights.</param>
    /// <param name="states">[images, positions, width].</param>
    /// <param name="rowsPerImage">Beams.</param>
    public TorchSession(TorchDecoder decoder, Tensor states, int rowsPerImage)
    {
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        _decoder = decoder;
        Rows = (int)states.shape[0] * rowsPerImage;
        _cross = [.. decoder.Cross(states).Select(block => block.Keep())];
        _caches = new KeyValues?[decoder.Layers];
    }

    public int Rows { get; }

    public int VocabularySize => _decoder.VocabularySize;

    public int Length { get; private set; }

    public int MaxPositions => _decoder.MaxPositions;

    public void Step(ReadOnlySpan<int> tokenIds, int count, Span<float> logits)
    {
        if (count > 1 && Length > 0)
            throw new NotSupportedException("This benchmark feeds several tokens at once only at the start.");
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        var ids = tensor(tokenIds.ToArray(), [Rows, count]).to(ScalarType.Int64);
        KeyValues?[] caches = [.. _caches];
        var scores = _decoder.Step(ids, caches, _cross).to(ScalarType.Float32).contiguous();
        MemoryMarshal.Cast<byte, float>(scores.bytes).CopyTo(logits);
        Replace(caches);
        Length += count;
    }

    public void Reorder(ReadOnlySpan<int> sources)
    {
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        var rows = tensor(sources.ToArray()).to(ScalarType.Int64);
        Replace([.. _caches.Select(cache => cache?.Select(rows))]);
    }

    public void Dispose()
    {
        Replace(new KeyValues?[_caches.Length]);
        foreach (var block in _cross)
            block.Release();
    }

    private void Replace(KeyValues?[] next)
    {
        for (var i = 0; i < next.Length; i++)
        {
            _caches[i]?.Release();
            _caches[i] = next[i]?.Keep();
        }
    }
}
