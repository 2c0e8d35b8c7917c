using Sightline.Configuration;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

/// <summary>GPT-2 with cross-attention and its output projection, as Transformers 4.17 computes it.</summary>
internal sealed class Gpt2Decoder : Module
{
    [ComponentName(Name = "transformer")]
    private readonly Gpt2Transformer _transformer;

    [ComponentName(Name = "lm_head")]
    private readonly LinearLayer? _head;

    public Gpt2Decoder(Gpt2Config config, ComputeMode mode) : base(nameof(Gpt2Decoder))
    {
        _transformer = new Gpt2Transformer(config, mode);
        _head = config.TieWordEmbeddings ? null : new LinearLayer(config.NEmbd, config.VocabSize, bias: false);
        RegisterComponents();
    }

    public Gpt2Transformer Transformer => _transformer;

    /// <summary>[batch, seq, n_embd] to logits [batch, seq, vocab], by the token table where the two are tied.</summary>
    public Tensor Project(Tensor hidden) => _head is null ? functional.linear(hidden, _transformer.TokenTable) : _head.forward(hidden);

    /// <summary>Logits [batch, seq, vocab] of input ids [batch, seq] that read encoder states [batch, positions, n_embd].</summary>
    public Tensor Forward(Tensor inputIds, Tensor encoderHiddenStates, Tensor? attentionMask = null)
    {
        var hidden = _transformer.Embed(inputIds);
        using var mask = attentionMask is null ? null : Gpt2Transformer.AdditiveMask(attentionMask);
        foreach (var block in _transformer.Blocks)
            hidden = block.Forward(hidden, encoderHiddenStates, mask);
        return Project(_transformer.Normalize(hidden));
    }
}

internal sealed class Gpt2Transformer : Module
{
    private readonly double _dropout;

    [ComponentName(Name = "wte")]
    private readonly EmbeddingTable _tokens;

    [ComponentName(Name = "wpe")]
    private readonly EmbeddingTable _positions;

    [ComponentName(Name = "h")]
    private readonly ModuleList<Gpt2Block> _blocks;

    [ComponentName(Name = "ln_f")]
    private readonly NormLayer _finalNorm;

    public Gpt2Transformer(Gpt2Config config, ComputeMode mode) : base(nameof(Gpt2Transformer))
    {
        _dropout = config.EmbdPdrop;
        _tokens = new EmbeddingTable(config.VocabSize, config.NEmbd);
        _positions = new EmbeddingTable(config.NPositions, config.NEmbd);
        Blocks = [.. Enumerable.Range(0, config.NLayer).Select(i => new Gpt2Block(config, i, mode))];
        _blocks = ModuleList(Blocks);
        _finalNorm = new NormLayer(config.NEmbd, config.LayerNormEpsilon);
        RegisterComponents();
    }

    public Gpt2Block[] Blocks { get; }

    public Tensor TokenTable => _tokens.Weight;

    /// <summary>Token and position embeddings; positions are always 0 to seq - 1.</summary>
    public Tensor Embed(Tensor inputIds)
    {
        var positions = _positions.Weight.narrow(0, 0, inputIds.shape[1]);
        return Operations.Dropout(_tokens.forward(inputIds) + positions, _dropout, training);
    }

    public Tensor Normalize(Tensor hidden) => _finalNorm.forward(hidden);

    /// <summary>[batch, seq] of 0 and 1 to what is added to scores [batch, 1, seq, seq], the causal mask included (4.17 adds -1e4).</summary>
    public static Tensor AdditiveMask(Tensor attentionMask)
    {
        var length = attentionMask.shape[1];
        using var scope = NewDisposeScope();
        var causal = triu(ones(length, length, device: attentionMask.device), 1) * -1e4f;
        var keys = (1 - attentionMask.to(ScalarType.Float32)) * -1e4f;
        return (causal + keys.view(-1, 1, 1, length)).MoveToOuterDisposeScope();
    }
}

/// <summary>One decoder block: self-attention, cross-attention, feed-forward, each after a layer norm.</summary>
internal sealed class Gpt2Block : Module
{
    [ComponentName(Name = "ln_1")]
    private readonly NormLayer _norm1;

    [ComponentName(Name = "attn")]
    private readonly Gpt2Attention _attention;

    [ComponentName(Name = "ln_2")]
    private readonly NormLayer _norm2;

    [ComponentName(Name = "crossattention")]
    private readonly Gpt2CrossAttention _crossAttention;

    [ComponentName(Name = "ln_cross_attn")]
    private readonly NormLayer _normCross;

    [ComponentName(Name = "mlp")]
    private readonly Gpt2FeedForward _feedForward;

    public Gpt2Block(Gpt2Config config, int index, ComputeMode mode) : base(nameof(Gpt2Block))
    {
        _norm1 = new NormLayer(config.NEmbd, config.LayerNormEpsilon);
        _attention = new Gpt2Attention(config, index, mode);
        _norm2 = new NormLayer(config.NEmbd, config.LayerNormEpsilon);
        _crossAttention = new Gpt2CrossAttention(config, index, mode);
        _normCross = new NormLayer(config.NEmbd, config.LayerNormEpsilon);
        _feedForward = new Gpt2FeedForward(config, mode);
        RegisterComponents();
    }

    public Tensor Forward(Tensor hidden, Tensor encoderHiddenStates, Tensor? mask = null)
    {
        hidden += _attention.Forward(_norm1.forward(hidden), mask);
        hidden += _crossAttention.Forward(_normCross.forward(hidden), encoderHiddenStates);
        return hidden + _feedForward.forward(_norm2.forward(hidden));
    }
}

internal sealed class Gpt2Attention : Module
{
    private readonly ComputeMode _mode;
    private readonly int _heads;
    private readonly double _attentionDropout;
    private readonly double _residualDropout;
    private readonly double _queryFactor;

    [ComponentName(Name = "c_attn")]
    private readonly Conv1DLayer _queryKeyValue;

    [ComponentName(Name = "c_proj")]
    private readonly Conv1DLayer _projection;

    public Gpt2Attention(Gpt2Config config, int index, ComputeMode mode) : base(nameof(Gpt2Attention))
    {
        _mode = mode;
        _heads = config.NHead;
        _attentionDropout = config.AttnPdrop;
        _residualDropout = config.ResidPdrop;
        _queryFactor = QueryFactor(config, index);
        _queryKeyValue = new Conv1DLayer(config.NEmbd, 3 * config.NEmbd);
        _projection = new Conv1DLayer(config.NEmbd, config.NEmbd);
        RegisterComponents();
    }

    public Tensor Forward(Tensor hidden, Tensor? mask)
    {
        var parts = _queryKeyValue.forward(hidden).chunk(3, 2);
        var query = Operations.SplitHeads(parts[0], _heads);
        if (_queryFactor != 1)
            query *= _queryFactor;
        var context = Operations.Attend(
            query, Operations.SplitHeads(parts[1], _heads), Operations.SplitHeads(parts[2], _heads), _mode, training ? _attentionDropout : 0, causal: true, mask);
        return Operations.Dropout(_projection.forward(Operations.MergeHeads(context)), _residualDropout, training);
    }

    /// <summary>
    /// torch divides scores by the square root of the head width; GPT-2's options ask for no division, or one by the block number as well. The
    /// difference goes to the query.
    /// </summary>
    internal static double QueryFactor(Gpt2Config config, int index)
    {
        var factor = config.ScaleAttnWeights ? 1 : Math.Sqrt((double)config.NEmbd / config.NHead);
        return config.ScaleAttnByInverseLayerIdx ? factor / (index + 1) : factor;
    }
}

internal sealed class Gpt2CrossAttention : Module
{
    private readonly ComputeMode _mode;
    private readonly int _heads;
    private readonly double _attentionDropout;
    private readonly double _residualDropout;
    private readonly double _queryFactor;

    [ComponentName(Name = "c_attn")]
    private readonly Conv1DLayer _keyValue;

    [ComponentName(Name = "q_attn")]
    private readonly Conv1DLayer _query;

    [ComponentName(Name = "c_proj")]
    private readonly Conv1DLayer _projection;

    public Gpt2CrossAttention(Gpt2Config config, int index, ComputeMode mode) : base(nameof(Gpt2CrossAttention))
    {
        _mode = mode;
        _heads = config.NHead;
        _attentionDropout = config.AttnPdrop;
        _residualDropout = config.ResidPdrop;
        _queryFactor = Gpt2Attention.QueryFactor(config, index);
        _keyValue = new Conv1DLayer(config.NEmbd, 2 * config.NEmbd);
        _query = new Conv1DLayer(config.NEmbd, config.NEmbd);
        _projection = new Conv1DLayer(config.NEmbd, config.NEmbd);
        RegisterComponents();
    }

    // Every encoder position is seen, the class and distillation tokens too.
    public Tensor Forward(Tensor hidden, Tensor encoderHiddenStates)
    {
        var query = Operations.SplitHeads(_query.forward(hidden), _heads);
        if (_queryFactor != 1)
            query *= _queryFactor;
        var parts = _keyValue.forward(encoderHiddenStates).chunk(2, 2);
        var context = Operations.Attend(
            query, Operations.SplitHeads(parts[0], _heads), Operations.SplitHeads(parts[1], _heads), _mode, training ? _attentionDropout : 0);
        return Operations.Dropout(_projection.forward(Operations.MergeHeads(context)), _residualDropout, training);
    }
}

internal sealed class Gpt2FeedForward : Module<Tensor, Tensor>
{
    private readonly ComputeMode _mode;
    private readonly string _activation;
    private readonly double _dropout;

    [ComponentName(Name = "c_fc")]
    private readonly Conv1DLayer _expand;

    [ComponentName(Name = "c_proj")]
    private readonly Conv1DLayer _contract;

    public Gpt2FeedForward(Gpt2Config config, ComputeMode mode) : base(nameof(Gpt2FeedForward))
    {
        _mode = mode;
        _activation = config.ActivationFunction;
        _dropout = config.ResidPdrop;
        _expand = new Conv1DLayer(config.NEmbd, config.InnerSize);
        _contract = new Conv1DLayer(config.InnerSize, config.NEmbd);
        RegisterComponents();
    }

    public override Tensor forward(Tensor hidden) =>
        Operations.Dropout(_contract.forward(Operations.Activate(_activation, _expand.forward(hidden), _mode)), _dropout, training);
}
