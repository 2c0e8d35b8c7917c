using Sightline.Configuration;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

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
