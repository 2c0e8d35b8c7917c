using Sightline.Configuration;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

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
