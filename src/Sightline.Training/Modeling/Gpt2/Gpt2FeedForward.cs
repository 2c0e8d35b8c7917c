using Sightline.Configuration;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

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
