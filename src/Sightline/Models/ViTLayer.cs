using Sightline.Configuration;
using Sightline.Kernels;

namespace Sightline.Models;

/// <summary>One encoder layer: x += attention(norm(x)); x += mlp(norm(x)).</summary>
internal sealed class ViTLayer
{
    private readonly KernelSet _kernels;
    private readonly int _heads;
    private readonly int _hidden;
    private readonly Activation _activation;
    private readonly LayerNorm _normBefore;
    private readonly LayerNorm _normAfter;
    private readonly LinearLayer _query;
    private readonly LinearLayer _key;
    private readonly LinearLayer _value;
    private readonly LinearLayer _attentionOutput;
    private readonly LinearLayer _intermediate;
    private readonly LinearLayer _output;

    private ViTLayer(ViTConfig config, KernelSet kernels, LayerNorm normBefore, LayerNorm normAfter, LinearLayer query, LinearLayer key,
        LinearLayer value, LinearLayer attentionOutput, LinearLayer intermediate, LinearLayer output)
    {
        _kernels = kernels;
        _heads = config.NumAttentionHeads;
        _hidden = config.HiddenSize;
        _activation = ActivationNames.Find(config.HiddenAct)!.Value;
        _normBefore = normBefore;
        _normAfter = normAfter;
        _query = query;
        _key = key;
        _value = value;
        _attentionOutput = attentionOutput;
        _intermediate = intermediate;
        _output = output;
    }

    public static ViTLayer? Bind(WeightBinder weights, string prefix, ViTConfig config, KernelSet kernels)
    {
        var (hidden, intermediateSize) = (config.HiddenSize, config.IntermediateSize);
        var query = Linear("attention.attention.query", hidden, hidden, config.QkvBias);
        var key = Linear("attention.attention.key", hidden, hidden, config.QkvBias);
        var value = Linear("attention.attention.value", hidden, hidden, config.QkvBias);
        var attentionOutput = Linear("attention.output.dense", hidden, hidden, true);
        var intermediate = Linear("intermediate.dense", hidden, intermediateSize, true);
        var output = Linear("output.dense", intermediateSize, hidden, true);
        var normBefore = LayerNorm.Bind(weights, $"{prefix}layernorm_before", hidden, config.LayerNormEps);
        var normAfter = LayerNorm.Bind(weights, $"{prefix}layernorm_after", hidden, config.LayerNormEps);
        return weights.Faults.Count > 0
            ? null
            : new ViTLayer(config, kernels, normBefore!, normAfter!, query!, key!, value!, attentionOutput!, intermediate!, output!);

        LinearLayer? Linear(string name, int inFeatures, int outFeatures, bool hasBias) =>
            weights.Linear(kernels, $"{prefix}{name}.weight", hasBias ? $"{prefix}{name}.bias" : null, WeightLayout.OutIn, inFeatures, outFeatures);
    }

    /// <summary>Transforms <paramref name="states"/> [batch, length, hidden] in place; fills probabilities [batch, heads, length, length] if not empty.</summary>
    public void Forward(float[] states, int batch, int length, ViTScratch scratch, float[] probabilities)
    {
        var rows = batch * length;
        _normBefore.Forward(_kernels, states, scratch.Normed);
        _query.Forward(scratch.Normed, rows, scratch.Query);
        _key.Forward(scratch.Normed, rows, scratch.Key);
        _value.Forward(scratch.Normed, rows, scratch.Value);
        var shape = new AttentionShape
        {
            Heads = _heads,
            HeadDim = _hidden / _heads,
            QueryLength = length,
            KeyLength = length,
            QueryStride = _hidden,
            KeyStride = _hidden,
            OutputStride = _hidden,
            Scale = 1 / MathF.Sqrt(_hidden / _heads),
        };
        var (size, weights) = (length * _hidden, _heads * length * length);
        for (var b = 0; b < batch; b++)
        {
            _kernels.Attention(shape, scratch.Query.AsSpan(b * size, size), scratch.Key.AsSpan(b * size, size), scratch.Value.AsSpan(b * size, size), [],
                scratch.Context.AsSpan(b * size, size), probabilities.Length == 0 ? [] : probabilities.AsSpan(b * weights, weights));
        }

        _attentionOutput.Forward(scratch.Context, rows, scratch.Normed);
        _kernels.Add(states, scratch.Normed);

        _normAfter.Forward(_kernels, states, scratch.Normed);
        _intermediate.Forward(scratch.Normed, rows, scratch.Intermediate);
        _kernels.Activate(_activation, scratch.Intermediate);
        _output.Forward(scratch.Intermediate, rows, scratch.Normed);
        _kernels.Add(states, scratch.Normed);
    }
}
