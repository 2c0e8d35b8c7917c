using System.Buffers;
using Sightline.Configuration;
using Sightline.Kernels;

namespace Sightline.Models;

/// <summary>
/// GPT-2 (Radford et al. 2019) with cross-attention to the picture, as HF 4.17 <c>modeling_gpt2.py</c> computes it. Positions count from 0
/// whatever a mask hides.
/// </summary>
internal sealed class Gpt2Decoder
{
    private readonly KernelSet _kernels;
    private readonly float[]? _tokenEmbeddings; // wte [vocab, hidden]; null where it is the head's weight
    private readonly float[] _positionEmbeddings; // wpe [positions, hidden]
    private readonly Gpt2Block[] _blocks;
    private readonly LayerNorm _finalNorm;
    private readonly LinearLayer _head;

    private Gpt2Decoder(Gpt2Config config, KernelSet kernels, float[]? tokenEmbeddings, float[] positionEmbeddings, Gpt2Block[] blocks,
        LayerNorm finalNorm, LinearLayer head)
    {
        Config = config;
        _kernels = kernels;
        _tokenEmbeddings = tokenEmbeddings;
        _positionEmbeddings = positionEmbeddings;
        _blocks = blocks;
        _finalNorm = finalNorm;
        _head = head;
        for (var i = 0; i < blocks.Length; i++)
            blocks[i].Chain(i + 1 < blocks.Length ? blocks[i + 1].First : head);
        head.Next = blocks[0].First;
    }

    public Gpt2Config Config { get; }

    /// <summary>Binds the weights below <paramref name="prefix"/>; null, with faults in the binder, if some do not fit.</summary>
    public static Gpt2Decoder? Bind(WeightBinder weights, string prefix, Gpt2Config config, KernelSet kernels)
    {
        var hidden = config.NEmbd;
        var (embeddings, head) = BindEmbeddings(weights, prefix, config, kernels);
        var positions = weights.Take($"{prefix}transformer.wpe.weight", config.NPositions, hidden);
        var blocks = new Gpt2Block?[config.NLayer];
        for (var i = 0; i < blocks.Length; i++)
            blocks[i] = Gpt2Block.Bind(weights, $"{prefix}transformer.h.{i}.", i, config, kernels);
        var finalNorm = LayerNorm.Bind(weights, $"{prefix}transformer.ln_f", hidden, config.LayerNormEpsilon);
        return weights.Faults.Count > 0
            ? null
            : new Gpt2Decoder(config, kernels, embeddings, positions!, blocks!, finalNorm!, head!);
    }

    /// <summary>Computes the cross-attention keys and values of every block.</summary>
    public CrossCache CreateCrossCache(ReadOnlySpan<float> encoderHiddenStates, int batch, int length)
    {
        var cache = new CrossCache(_kernels, _blocks.Length, batch, length, Config.NHead, Config.NEmbd);
        var together = PictureGroup.Size(batch, length);
        var keysAndValues = ArrayPool<float>.Shared.Rent(checked(together * length * 2 * Config.NEmbd));
        for (var i = 0; i < _blocks.Length; i++)
        {
            for (var first = 0; first < batch; first += together)
            {
                var count = Math.Min(together, batch - first);
                _blocks[i].ComputeCrossKeysAndValues(encoderHiddenStates.Slice(first * length * Config.NEmbd), count * length, keysAndValues);
                cache.Fill(i, first, count, keysAndValues);
            }
        }

        ArrayPool<float>.Shared.Return(keysAndValues);
        return cache;
    }

    public KeyValueCache CreateSelfCache(int rows, int capacity) => new(_blocks.Length, rows, Math.Min(capacity, Config.NPositions), Config.NEmbd);

    public Gpt2Scratch CreateScratch(int positions) => new(positions, Config.NEmbd, Config.InnerSize);

    /// <summary>
    /// Runs new tokens through all blocks; afterwards scratch.States holds the final hidden states [rows, count, hidden] and the cache has them too.
    /// Parameters as in <see cref="Gpt2Block.Forward"/>.
    /// </summary>
    public void Forward(ReadOnlySpan<int> tokenIds, int rows, int count, KeyValueCache cache, CrossCache cross, int rowsPerImage,
        ReadOnlySpan<byte> mask, Gpt2Scratch scratch, Gpt2Capture? capture = null)
    {
        cache.Reserve(count, Config.NPositions);
        Embed(tokenIds, rows, count, cache.Length, scratch.States);
        var states = scratch.States.AsSpan(0, rows * count * Config.NEmbd);
        foreach (var block in _blocks)
        {
            if (capture is { Keep.HiddenStates: true })
                capture.HiddenStates.Add(states.ToArray());
            block.Forward(rows, count, cache, cross, rowsPerImage, mask, scratch, capture);
        }

        cache.Advance(count);
        _finalNorm.Forward(_kernels, states, states);
        if (capture is { Keep.HiddenStates: true })
            capture.HiddenStates.Add(states.ToArray());
    }

    /// <summary>Logits [rows, vocab] of hidden states [rows, hidden].</summary>
    public void Logits(ReadOnlySpan<float> states, int rows, Span<float> logits) => _head.Forward(states, rows, logits);

    // lm_head and wte are one tensor unless the decoder says otherwise. Where both are stored and differ, loading in HF leaves lm_head's
    // values in both; where an untied lm_head is missing, HF would start it at random: it is tied here, since 4.31 drops a tied copy on saving.
    private static (float[]? Embeddings, LinearLayer? Head) BindEmbeddings(WeightBinder weights, string prefix, Gpt2Config config, KernelSet kernels)
    {
        var (embeddingName, headName) = ($"{prefix}transformer.wte.weight", $"{prefix}lm_head.weight");
        var hasHead = weights.Has(headName);
        var separate = hasHead && !config.TieWordEmbeddings;
        var embeddings = separate ? weights.Take(embeddingName, config.VocabSize, config.NEmbd) : null;
        if (hasHead && !separate)
            weights.Skip(embeddingName);
        return (embeddings, weights.Linear(kernels, LinearRole.Head, hasHead ? headName : embeddingName, null, WeightLayout.OutIn, config.NEmbd, config.VocabSize));
    }

    private void Embed(ReadOnlySpan<int> tokenIds, int rows, int count, int past, float[] states)
    {
        var hidden = Config.NEmbd;
        for (var row = 0; row < rows; row++)
        {
            for (var i = 0; i < count; i++)
            {
                var target = states.AsSpan((row * count + i) * hidden, hidden);
                if (_tokenEmbeddings is null)
                    _head.CopyWeightRow(tokenIds[row * count + i], target);
                else
                    _tokenEmbeddings.AsSpan(tokenIds[row * count + i] * hidden, hidden).CopyTo(target);
                _kernels.Add(target, _positionEmbeddings.AsSpan((past + i) * hidden, hidden));
            }
        }
    }
}
