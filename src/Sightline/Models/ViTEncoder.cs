using System.Buffers;
using Sightline.Configuration;
using Sightline.Kernels;

namespace Sightline.Models;

/// <summary>
/// ViT (Dosovitskiy et al. 2021) and DeiT (Touvron et al. 2021) as HF 4.17 <c>modeling_vit.py</c> and <c>modeling_deit.py</c> compute them:
/// patches, learned positions, layers with the norm first, a final norm.
/// </summary>
internal sealed class ViTEncoder
{
    private readonly ViTConfig _config;
    private readonly KernelSet _kernels;
    private readonly LinearLayer _patchProjection;
    private readonly float[] _specialTokens; // [1 or 2, hidden]: class token, distillation token
    private readonly float[] _positionEmbeddings; // [seq, hidden]
    private readonly ViTLayer[] _layers;
    private readonly LayerNorm _layerNorm;
    private readonly LinearLayer? _pooler;

    private ViTEncoder(ViTConfig config, KernelSet kernels, LinearLayer patchProjection, float[] specialTokens, float[] positionEmbeddings,
        ViTLayer[] layers, LayerNorm layerNorm, LinearLayer? pooler)
    {
        _config = config;
        _kernels = kernels;
        _patchProjection = patchProjection;
        _specialTokens = specialTokens;
        _positionEmbeddings = positionEmbeddings;
        _layers = layers;
        _layerNorm = layerNorm;
        _pooler = pooler;
    }

    /// <summary>Binds the weights below <paramref name="prefix"/>; null, with faults in the binder, if some do not fit.</summary>
    public static ViTEncoder? Bind(WeightBinder weights, string prefix, ViTConfig config, KernelSet kernels)
    {
        var hidden = config.HiddenSize;
        var patchLength = config.NumChannels * config.PatchSize * config.PatchSize;
        var classToken = weights.Take($"{prefix}embeddings.cls_token", 1, 1, hidden);
        var distillationToken = config.HasDistillationToken ? weights.Take($"{prefix}embeddings.distillation_token", 1, 1, hidden) : [];
        var positions = weights.Take($"{prefix}embeddings.position_embeddings", 1, config.SequenceLength, hidden);
        var projection = weights.Linear(kernels, LinearRole.EncoderEdge, $"{prefix}embeddings.patch_embeddings.projection.weight", $"{prefix}embeddings.patch_embeddings.projection.bias",
            WeightLayout.OutIn, patchLength, hidden, hidden, config.NumChannels, config.PatchSize, config.PatchSize);
        var layers = new ViTLayer?[config.NumHiddenLayers];
        for (var i = 0; i < layers.Length; i++)
            layers[i] = ViTLayer.Bind(weights, $"{prefix}encoder.layer.{i}.", config, kernels);
        var layerNorm = LayerNorm.Bind(weights, $"{prefix}layernorm", hidden, config.LayerNormEps);
        var pooler = weights.Has($"{prefix}pooler.dense.weight")
            ? weights.Linear(kernels, LinearRole.EncoderEdge, $"{prefix}pooler.dense.weight", $"{prefix}pooler.dense.bias", WeightLayout.OutIn, hidden, hidden)
            : null;
        if (weights.Faults.Count > 0)
            return null;
        return new ViTEncoder(config, kernels, projection!, [.. classToken!, .. distillationToken!],
            positions!, layers!, layerNorm!, pooler);
    }

    /// <summary>Encodes a batch of pictures.</summary>
    /// <param name="pixelValues">[batch, channels, height, width], normalised.</param>
    /// <param name="batch">Number of pictures.</param>
    /// <param name="height">Height in pixels; where it or the width is not the configured size, position embeddings are interpolated.</param>
    /// <param name="width">Width in pixels.</param>
    /// <param name="keep">What to keep beside the last hidden state.</param>
    public EncoderOutput Forward(ReadOnlySpan<float> pixelValues, int batch, int height, int width, OutputOptions keep)
    {
        var hidden = _config.HiddenSize;
        var length = _specialTokens.Length / hidden + (height / _config.PatchSize * (width / _config.PatchSize));
        var lent = ArrayPool<float>.Shared.Rent(checked(batch * length * hidden));
        var states = lent.AsSpan(0, batch * length * hidden);
        Embed(pixelValues, batch, height, width, states);
        var together = PictureGroup.Size(batch, length);
        using var scratch = new ViTScratch(together * length, hidden, _config.IntermediateSize);
        var hiddenStates = new List<float[]>();
        var attentions = new List<float[]>();
        foreach (var layer in _layers)
        {
            if (keep.HiddenStates)
                hiddenStates.Add([.. states]);
            var size = keep.Attentions ? _config.NumAttentionHeads * length * length : 0;
            var probabilities = new float[batch * size];
            for (var first = 0; first < batch; first += together)
            {
                var count = Math.Min(together, batch - first);
                layer.Forward(states.Slice(first * length * hidden, count * length * hidden), count, length, scratch, probabilities.AsSpan(first * size, count * size));
            }

            if (keep.Attentions)
                attentions.Add(probabilities);
        }

        if (keep.HiddenStates)
            hiddenStates.Add([.. states]);
        _layerNorm.Forward(_kernels, states, states);
        return new EncoderOutput
        {
            Batch = batch,
            SequenceLength = length,
            HiddenSize = hidden,
            LastHiddenState = lent.AsMemory(0, states.Length),
            Lent = lent,
            PoolerOutput = keep.Pooler && _pooler is not null ? Pool(states, batch, length) : null,
            HiddenStates = hiddenStates,
            Attentions = attentions,
        };
    }

    private float[] Pool(ReadOnlySpan<float> states, int batch, int length)
    {
        var first = new float[batch * _config.HiddenSize];
        for (var b = 0; b < batch; b++)
            states.Slice(b * length * _config.HiddenSize, _config.HiddenSize).CopyTo(first.AsSpan(b * _config.HiddenSize));
        var pooled = new float[first.Length];
        _pooler!.Forward(first, batch, pooled);
        _kernels.Activate(Activation.Tanh, pooled);
        return pooled;
    }

    // Positions and special tokens first; the patches' projections are added to them.
    private void Embed(ReadOnlySpan<float> pixelValues, int batch, int height, int width, Span<float> states)
    {
        var (hidden, rows, columns) = (_config.HiddenSize, height / _config.PatchSize, width / _config.PatchSize);
        var (pixels, patchCount) = (_config.NumChannels * height * width, rows * columns);
        var positions = _positionEmbeddings;
        if (height != _config.ImageSize || width != _config.ImageSize)
            positions = PositionInterpolation.Bicubic(positions, _specialTokens.Length / hidden, _config.PatchesPerSide, hidden, rows, columns);
        var patches = ArrayPool<float>.Shared.Rent(patchCount * _patchProjection.InFeatures);
        for (var b = 0; b < batch; b++)
        {
            var picture = states.Slice(b * positions.Length, positions.Length);
            positions.CopyTo(picture);
            _kernels.Add(picture[.._specialTokens.Length], _specialTokens);
            ExtractPatches(pixelValues.Slice(b * pixels, pixels), height, width, patches);
            _patchProjection.Forward(patches, patchCount, picture[_specialTokens.Length..], accumulate: true);
        }

        ArrayPool<float>.Shared.Return(patches);
    }

    // The convolution with stride = kernel size is a linear layer over patches, each laid out [channels, patch, patch] as its weight is.
    private void ExtractPatches(ReadOnlySpan<float> pixelValues, int height, int width, Span<float> patches)
    {
        var (channels, patch) = (_config.NumChannels, _config.PatchSize);
        for (var top = 0; top + patch <= height; top += patch)
        {
            for (var left = 0; left + patch <= width; left += patch)
            {
                for (var row = 0; row < channels * patch; row++, patches = patches[patch..])
                {
                    var (c, y) = Math.DivRem(row, patch);
                    pixelValues.Slice((((c * height) + top + y) * width) + left, patch).CopyTo(patches);
                }
            }
        }
    }
}
