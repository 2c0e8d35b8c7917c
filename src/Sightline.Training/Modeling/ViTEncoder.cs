using Sightline.Configuration;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

/// <summary>
/// ViT, or DeiT with its distillation token, as Transformers 4.17 computes it: patches, learned positions, pre-norm layers, a final layer norm. The pooler is
/// held because checkpoints have it; nothing reads it, so it gets no gradient.
/// </summary>
internal sealed class ViTEncoder : Module<Tensor, Tensor>
{
    private readonly double _dropout;

    [ComponentName(Name = "embeddings")]
    private readonly ViTEmbeddings _embeddings;

    [ComponentName(Name = "encoder")]
    private readonly ViTLayers _encoder;

    [ComponentName(Name = "layernorm")]
    private readonly NormLayer _norm;

    [ComponentName(Name = "pooler")]
    private readonly ViTPooler _pooler;

    public ViTEncoder(ViTConfig config, ComputeMode mode) : base(nameof(ViTEncoder))
    {
        _dropout = config.HiddenDropoutProb;
        _embeddings = new ViTEmbeddings(config);
        _encoder = new ViTLayers(config, mode);
        _norm = new NormLayer(config.HiddenSize, config.LayerNormEps);
        _pooler = new ViTPooler(config.HiddenSize);
        RegisterComponents();
    }

    /// <summary>The layers, for running them one by one.</summary>
    public IReadOnlyList<ViTLayer> Layers => _encoder.Layers;

    /// <summary>[batch, channels, height, width] to [batch, seq, hidden].</summary>
    public Tensor Embed(Tensor pixelValues) => Operations.Dropout(_embeddings.forward(pixelValues), _dropout, training);

    public Tensor Normalize(Tensor hidden) => _norm.forward(hidden);

    public override Tensor forward(Tensor pixelValues)
    {
        var hidden = Embed(pixelValues);
        foreach (var layer in Layers)
            hidden = layer.forward(hidden);
        return Normalize(hidden);
    }
}

internal sealed class ViTLayers : Module
{
    [ComponentName(Name = "layer")]
    private readonly ModuleList<ViTLayer> _layers;

    public ViTLayers(ViTConfig config, ComputeMode mode) : base(nameof(ViTLayers))
    {
        Layers = [.. Enumerable.Range(0, config.NumHiddenLayers).Select(_ => new ViTLayer(config, mode))];
        _layers = ModuleList(Layers);
        RegisterComponents();
    }

    public ViTLayer[] Layers { get; }
}

internal sealed class ViTPooler : Module
{
    [ComponentName(Name = "dense")]
    private readonly LinearLayer _dense;

    public ViTPooler(int width) : base(nameof(ViTPooler))
    {
        _dense = new LinearLayer(width, width);
        RegisterComponents();
    }
}

internal sealed class ViTPatchEmbeddings : Module<Tensor, Tensor>
{
    private readonly int _patch;

    [ComponentName(Name = "projection")]
    private readonly PatchProjection _projection;

    public ViTPatchEmbeddings(ViTConfig config) : base(nameof(ViTPatchEmbeddings))
    {
        _patch = config.PatchSize;
        _projection = new PatchProjection(config);
        RegisterComponents();
    }

    // A convolution whose stride is its kernel is one matrix product over patches.
    public override Tensor forward(Tensor pixelValues)
    {
        var (rows, columns) = (pixelValues.shape[2] / _patch, pixelValues.shape[3] / _patch);
        var cropped = pixelValues.narrow(2, 0, rows * _patch).narrow(3, 0, columns * _patch);
        var patches = cropped.reshape(pixelValues.shape[0], pixelValues.shape[1], rows, _patch, columns, _patch)
            .permute(0, 2, 4, 1, 3, 5)
            .reshape(pixelValues.shape[0], rows * columns, pixelValues.shape[1] * _patch * _patch); // [batch, patches, channels * patch * patch]
        return _projection.forward(patches);
    }
}

internal sealed class PatchProjection : Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    [ComponentName(Name = "bias")]
    private readonly Parameter _bias;

    public PatchProjection(ViTConfig config) : base(nameof(PatchProjection))
    {
        _weight = new Parameter(empty(config.HiddenSize, config.NumChannels, config.PatchSize, config.PatchSize));
        _bias = new Parameter(empty(config.HiddenSize));
        RegisterComponents();
    }

    public override Tensor forward(Tensor patches) => functional.linear(patches, _weight.view(_weight.shape[0], -1), _bias);
}

internal sealed class ViTEmbeddings : Module<Tensor, Tensor>
{
    [ComponentName(Name = "cls_token")]
    private readonly Parameter _classToken;

    [ComponentName(Name = "distillation_token")]
    private readonly Parameter? _distillationToken;

    [ComponentName(Name = "position_embeddings")]
    private readonly Parameter _positions;

    [ComponentName(Name = "patch_embeddings")]
    private readonly ViTPatchEmbeddings _patches;

    public ViTEmbeddings(ViTConfig config) : base(nameof(ViTEmbeddings))
    {
        _classToken = new Parameter(empty(1, 1, config.HiddenSize));
        _distillationToken = config.HasDistillationToken ? new Parameter(empty(1, 1, config.HiddenSize)) : null;
        _positions = new Parameter(empty(1, config.SequenceLength, config.HiddenSize));
        _patches = new ViTPatchEmbeddings(config);
        RegisterComponents();
    }

    public override Tensor forward(Tensor pixelValues)
    {
        var patches = _patches.forward(pixelValues);
        var batch = patches.shape[0];
        var first = _classToken.expand(batch, -1, -1);
        var tokens = _distillationToken is null
            ? cat([first, patches], 1)
            : cat([first, _distillationToken.expand(batch, -1, -1), patches], 1);
        return tokens + _positions;
    }
}

/// <summary>One pre-norm encoder layer.</summary>
internal sealed class ViTLayer : Module<Tensor, Tensor>
{
    private readonly ComputeMode _mode;
    private readonly string _activation;
    private readonly double _dropout;

    [ComponentName(Name = "attention")]
    private readonly ViTAttention _attention;

    [ComponentName(Name = "intermediate")]
    private readonly ViTDense _intermediate;

    [ComponentName(Name = "output")]
    private readonly ViTDense _output;

    [ComponentName(Name = "layernorm_before")]
    private readonly NormLayer _normBefore;

    [ComponentName(Name = "layernorm_after")]
    private readonly NormLayer _normAfter;

    public ViTLayer(ViTConfig config, ComputeMode mode) : base(nameof(ViTLayer))
    {
        _mode = mode;
        _activation = config.HiddenAct;
        _dropout = config.HiddenDropoutProb;
        _attention = new ViTAttention(config, mode);
        _intermediate = new ViTDense(config.HiddenSize, config.IntermediateSize);
        _output = new ViTDense(config.IntermediateSize, config.HiddenSize);
        _normBefore = new NormLayer(config.HiddenSize, config.LayerNormEps);
        _normAfter = new NormLayer(config.HiddenSize, config.LayerNormEps);
        RegisterComponents();
    }

    public override Tensor forward(Tensor hidden)
    {
        hidden += _attention.forward(_normBefore.forward(hidden));
        var inner = Operations.Activate(_activation, _intermediate.forward(_normAfter.forward(hidden)), _mode);
        return hidden + Operations.Dropout(_output.forward(inner), _dropout, training);
    }
}

internal sealed class ViTDense : Module<Tensor, Tensor>
{
    [ComponentName(Name = "dense")]
    private readonly LinearLayer _dense;

    public ViTDense(int inputs, int outputs) : base(nameof(ViTDense))
    {
        _dense = new LinearLayer(inputs, outputs);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => _dense.forward(x);
}

internal sealed class ViTAttention : Module<Tensor, Tensor>
{
    private readonly double _outputDropout;

    [ComponentName(Name = "attention")]
    private readonly ViTSelfAttention _attention;

    [ComponentName(Name = "output")]
    private readonly ViTDense _output;

    public ViTAttention(ViTConfig config, ComputeMode mode) : base(nameof(ViTAttention))
    {
        _outputDropout = config.HiddenDropoutProb;
        _attention = new ViTSelfAttention(config, mode);
        _output = new ViTDense(config.HiddenSize, config.HiddenSize);
        RegisterComponents();
    }

    public override Tensor forward(Tensor hidden) => Operations.Dropout(_output.forward(_attention.forward(hidden)), _outputDropout, training);
}

internal sealed class ViTSelfAttention : Module<Tensor, Tensor>
{
    private readonly ComputeMode _mode;
    private readonly int _heads;
    private readonly double _dropout;

    [ComponentName(Name = "query")]
    private readonly LinearLayer _query;

    [ComponentName(Name = "key")]
    private readonly LinearLayer _key;

    [ComponentName(Name = "value")]
    private readonly LinearLayer _value;

    public ViTSelfAttention(ViTConfig config, ComputeMode mode) : base(nameof(ViTSelfAttention))
    {
        _mode = mode;
        _heads = config.NumAttentionHeads;
        _dropout = config.AttentionProbsDropoutProb;
        _query = new LinearLayer(config.HiddenSize, config.HiddenSize, config.QkvBias);
        _key = new LinearLayer(config.HiddenSize, config.HiddenSize, config.QkvBias);
        _value = new LinearLayer(config.HiddenSize, config.HiddenSize, config.QkvBias);
        RegisterComponents();
    }

    public override Tensor forward(Tensor hidden)
    {
        var query = Operations.SplitHeads(_query.forward(hidden), _heads);
        var key = Operations.SplitHeads(_key.forward(hidden), _heads);
        var value = Operations.SplitHeads(_value.forward(hidden), _heads);
        return Operations.MergeHeads(Operations.Attend(query, key, value, _mode, training ? _dropout : 0));
    }
}
