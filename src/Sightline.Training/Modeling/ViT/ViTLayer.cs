using Sightline.Configuration;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

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
