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
    private readonly LinearLayer _queryKeyValue;
    private readonly LinearLayer _attentionOutput;
    private readonly LinearLayer _intermediate;
    private readonly LinearLayer _output;

    private ViTLayer(ViTConfig config, KernelSet kernels, LayerNorm normBefore, LayerNorm normAfter, LinearLayer queryKeyValue,
        LinearLayer attentionOutput, LinearLayer intermediate, LinearLayer output)
    {
        _kernels = kernels;
        _heads = config.NumAttentionHeads;
        _hidden = config.HiddenSize;
        _activation = ActivationNames.Find(config.HiddenAct)!.Value;
        _normBefore = normBefore;
        _normAfter = normAfter;
        _queryKeyValue = queryKeyValue;
        _attentionOutput = attentionOutput;
        _intermediate = intermediate;
        _output = output;
    }

    public static ViTLayer? Bind(WeightBinder weights, string prefix, ViTConfig config, KernelSet kernels)
    {
        var (hidden, intermediateSize) = (config.HiddenSize, config.IntermediateSize);
        var queryKeyValue = weights.Stacked(kernels, LinearRole.Encoder, $"{prefix}attention.attention.", ["query", "key", "value"], config.QkvBias, hidden, hidden);
        var attentionOutput = Linear("attention.output.dense", hidden, hidden);
        var intermediate = Linear("intermediate.dense", hidden, intermediateSize);
        var output = Linear("output.dense", intermediateSize, hidden);
        var normBefore = LayerNorm.Bind(weights, $"{prefix}layernorm_before", hidden, config.LayerNormEps);
        var normAfter = LayerNorm.Bind(weights, $"{prefix}layernorm_after", hidden, config.LayerNormEps);
        return weights.Faults.Count > 0
            ? null
            : new ViTLayer(config, kernels, normBefore!, normAfter!, queryKeyValue!, attentionOutput!, intermediate!, output!);

        LinearLayer? Linear(string name, int inFeatures, int outFeatures) =>
            weights.Linear(kernels, LinearRole.Encoder, $"{prefix}{name}.weight", $"{prefix}{name}.bias", WeightLayout.OutIn, inFeatures, outFeatures);
    }

    /// <summary>Transforms <paramref name="states"/> [batch, length, hidden] in place; fills probabilities [batch, heads, length, length] if not empty.</summary>
    public void Forward(Span<float> states, int batch, int length, ViTScratch scratch, Span<float> probabilities)
    {
        var rows = batch * length;
        _normBefore.Forward(_kernels, states, scratch.Normed);
        _queryKeyValue.Forward(scratch.Normed, rows, scratch.QueryKeyValue);
        var shape = new AttentionShape
        {
            Batch = batch,
            Heads = _heads,
            HeadDim = _hidden / _heads,
            QueryLength = length,
            KeyLength = length,
            QueryStride = 3 * _hidden,
            KeyStride = 3 * _hidden,
            OutputStride = _hidden,
            Scale = 1 / MathF.Sqrt(_hidden / _heads),
        };
        _kernels.Attention(shape, scratch.QueryKeyValue, scratch.QueryKeyValue.AsSpan(_hidden), scratch.QueryKeyValue.AsSpan(2 * _hidden), [], [], scratch.Context, probabilities);
        _attentionOutput.Forward(scratch.Context, rows, states, accumulate: true);
        _normAfter.Forward(_kernels, states, scratch.Normed);
        _intermediate.Forward(scratch.Normed, rows, scratch.Intermediate, _activation);
        _output.Forward(scratch.Intermediate, rows, states, accumulate: true);
    }
}
