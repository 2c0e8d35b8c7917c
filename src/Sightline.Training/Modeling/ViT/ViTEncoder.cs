using Sightline.Configuration;
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
