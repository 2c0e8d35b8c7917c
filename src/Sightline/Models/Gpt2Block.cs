using Sightline.Configuration;
using Sightline.Kernels;

namespace Sightline.Models;

/// <summary>
/// One decoder block (HF 4.17 <c>GPT2Block</c>): x += selfAttention(ln_1(x)); x += crossAttention(ln_cross_attn(x)); x += mlp(ln_2(x)).
/// </summary>
internal sealed class Gpt2Block
{
    private readonly KernelSet _kernels;
    private readonly int _index;
    private readonly int _heads;
    private readonly int _hidden;
    private readonly float _scale;
    private readonly Activation _activation;
    private readonly LayerNorm _norm1;
    private readonly LayerNorm _normCross;
    private readonly LayerNorm _norm2;
    private readonly LinearLayer _queryKeyValue;
    private readonly LinearLayer _selfOutput;
    private readonly LinearLayer _crossQuery;
    private readonly LinearLayer _crossKeyValue;
    private readonly LinearLayer _crossOutput;
    private readonly LinearLayer _fullyConnected;
    private readonly LinearLayer _projection;

    private Gpt2Block(Gpt2Config config, KernelSet kernels, int index, LayerNorm norm1, LayerNorm normCross, LayerNorm norm2, LinearLayer[] layers)
    {
        _kernels = kernels;
        _index = index;
        _heads = config.NHead;
        _hidden = config.NEmbd;
        _scale = (config.ScaleAttnWeights ? 1 / MathF.Sqrt(_hidden / _heads) : 1) / (config.ScaleAttnByInverseLayerIdx ? index + 1 : 1);
        _activation = ActivationNames.Find(config.ActivationFunction)!.Value;
        (_norm1, _normCross, _norm2) = (norm1, normCross, norm2);
        (_queryKeyValue, _selfOutput, _crossQuery, _crossKeyValue) = (layers[0], layers[1], layers[2], layers[3]);
        (_crossOutput, _fullyConnected, _projection) = (layers[4], layers[5], layers[6]);
    }

    public static Gpt2Block? Bind(WeightBinder weights, string prefix, int index, Gpt2Config config, KernelSet kernels)
    {
        var hidden = config.NEmbd;
        var layers = new[]
        {
            Conv1D(LinearRole.Decoder, "attn.c_attn", hidden, 3 * hidden),
            Conv1D(LinearRole.Decoder, "attn.c_proj", hidden, hidden),
            Conv1D(LinearRole.Decoder, "crossattention.q_attn", hidden, hidden),
            Conv1D(LinearRole.CrossKeyValue, "crossattention.c_attn", hidden, 2 * hidden),
            Conv1D(LinearRole.Decoder, "crossattention.c_proj", hidden, hidden),
            Conv1D(LinearRole.Decoder, "mlp.c_fc", hidden, config.InnerSize),
            Conv1D(LinearRole.Decoder, "mlp.c_proj", config.InnerSize, hidden),
        };
        var norm1 = LayerNorm.Bind(weights, $"{prefix}ln_1", hidden, config.LayerNormEpsilon);
        var normCross = LayerNorm.Bind(weights, $"{prefix}ln_cross_attn", hidden, config.LayerNormEpsilon);
        var norm2 = LayerNorm.Bind(weights, $"{prefix}ln_2", hidden, config.LayerNormEpsilon);
        return weights.Faults.Count > 0 ? null : new Gpt2Block(config, kernels, index, norm1!, normCross!, norm2!, layers!);

        LinearLayer? Conv1D(LinearRole role, string name, int inFeatures, int outFeatures) =>
            weights.Linear(kernels, role, $"{prefix}{name}.weight", $"{prefix}{name}.bias", WeightLayout.InOut, inFeatures, outFeatures);
    }

    /// <summary>The first layer that a token passes.</summary>
    public LinearLayer First => _queryKeyValue;

    /// <summary>Tells each layer which one a token passes after it; the last is followed by <paramref name="next"/>.</summary>
    public void Chain(LinearLayer next)
    {
        LinearLayer[] order = [_queryKeyValue, _selfOutput, _crossQuery, _crossOutput, _fullyConnected, _projection, next];
        for (var i = 0; i + 1 < order.Length; i++)
            order[i].Next = order[i + 1];
    }

    /// <summary>Computes this block's cross-attention keys and values, once per picture.</summary>
    /// <param name="encoderHiddenStates">[positions, hidden], already of the decoder's width.</param>
    /// <param name="positions">Encoder positions of all pictures.</param>
    /// <param name="keysAndValues">Gets them: [positions, key then value, hidden].</param>
    public void ComputeCrossKeysAndValues(ReadOnlySpan<float> encoderHiddenStates, int positions, Span<float> keysAndValues) =>
        _crossKeyValue.Forward(encoderHiddenStates, positions, keysAndValues);

    /// <summary>Transforms scratch.States [rows, count, hidden] in place and stores the new keys and values behind those of <paramref name="cache"/>.</summary>
    /// <param name="rows">Sequences.</param>
    /// <param name="count">New positions per sequence.</param>
    /// <param name="cache">Self-attention keys and values of the positions before; the caller reserves and advances it.</param>
    /// <param name="cross">Cross-attention keys and values per picture.</param>
    /// <param name="rowsPerImage">Consecutive rows that look at the same picture.</param>
    /// <param name="mask">[rows, cache.Length + count], 0 hides a position; empty hides none.</param>
    /// <param name="scratch">Buffers.</param>
    /// <param name="capture">Keeps attentions if it wants them.</param>
    public void Forward(int rows, int count, KeyValueCache cache, CrossCache cross, int rowsPerImage, ReadOnlySpan<byte> mask, Gpt2Scratch scratch, Gpt2Capture? capture)
    {
        var size = rows * count * _hidden;
        var states = scratch.States.AsSpan(0, size);
        SelfAttend(rows, count, cache, mask, scratch, capture);
        _selfOutput.Forward(scratch.Context, rows * count, states, accumulate: true);
        CrossAttend(rows, count, cross, rowsPerImage, scratch, capture);
        _crossOutput.Forward(scratch.Context, rows * count, states, accumulate: true);

        _norm2.Forward(_kernels, states, scratch.Normed);
        _fullyConnected.Forward(scratch.Normed, rows * count, scratch.Inner, _activation);
        _projection.Forward(scratch.Inner, rows * count, states, accumulate: true);
    }

    private void SelfAttend(int rows, int count, KeyValueCache cache, ReadOnlySpan<byte> mask, Gpt2Scratch scratch, Gpt2Capture? capture)
    {
        var keyLength = cache.Length + count;
        _norm1.Forward(_kernels, scratch.States.AsSpan(0, rows * count * _hidden), scratch.Normed);
        _queryKeyValue.Forward(scratch.Normed, rows * count, scratch.QueryKeyValue);
        var keys = cache.Keys(_index);
        var values = cache.Values(_index);
        for (var row = 0; row < rows; row++)
        {
            var places = cache.Places(row, keyLength)[cache.Length..];
            for (var i = 0; i < count; i++)
            {
                var source = scratch.QueryKeyValue.AsSpan(((row * count) + i) * 3 * _hidden, 3 * _hidden);
                source.Slice(_hidden, _hidden).CopyTo(keys[places[i]..]);
                source[(2 * _hidden)..].CopyTo(values[places[i]..]);
            }
        }

        var probabilities = Probabilities(capture, rows, count, keyLength);
        var shape = new AttentionShape
        {
            Batch = rows,
            Heads = _heads,
            HeadDim = _hidden / _heads,
            QueryLength = count,
            KeyLength = keyLength,
            QueryStride = 3 * _hidden,
            KeyStride = 0,
            OutputStride = _hidden,
            Scale = _scale,
            Causal = true,
        };
        _kernels.Attention(shape, scratch.QueryKeyValue, keys, values, cache.GatherPlaces(keyLength), mask, scratch.Context, probabilities);
        if (probabilities.Length > 0)
            capture!.Attentions.Add(probabilities);
    }

    // The rows of a picture are queries side by side, so that its keys and values are read once for all of them; captured row by row, as HF lays them out.
    private void CrossAttend(int rows, int count, CrossCache cross, int rowsPerImage, Gpt2Scratch scratch, Gpt2Capture? capture)
    {
        _normCross.Forward(_kernels, scratch.States.AsSpan(0, rows * count * _hidden), scratch.Normed);
        _crossQuery.Forward(scratch.Normed, rows * count, scratch.QueryKeyValue);
        var probabilities = Probabilities(capture, rows, count, cross.Length);
        if (probabilities.Length == 0)
        {
            cross.Attend(_index, 0, rows / rowsPerImage, rowsPerImage * count, _scale, scratch.QueryKeyValue, scratch.Context, []);
            return;
        }

        var size = count * _hidden;
        for (var row = 0; row < rows; row++)
        {
            cross.Attend(_index, row / rowsPerImage, 1, count, _scale, scratch.QueryKeyValue.AsSpan(row * size, size), scratch.Context.AsSpan(row * size, size),
                Slice(probabilities, row, rows));
        }

        capture!.CrossAttentions.Add(probabilities);
    }

    private float[] Probabilities(Gpt2Capture? capture, int rows, int queryLength, int keyLength) =>
        capture is { Keep.Attentions: true } ? new float[rows * _heads * queryLength * keyLength] : [];

    private static Span<float> Slice(float[] probabilities, int row, int rows) =>
        probabilities.AsSpan(row * (probabilities.Length / rows), probabilities.Length / rows);
}
