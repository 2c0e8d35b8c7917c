using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

/// <summary>y = x·Wᵀ + b with the weight as ViT stores it: [out, in]. Values are set by loading.</summary>
internal sealed class LinearLayer : Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    [ComponentName(Name = "bias")]
    private readonly Parameter? _bias;

    public LinearLayer(int inputs, int outputs, bool bias = true) : base(nameof(LinearLayer))
    {
        _weight = new Parameter(empty(outputs, inputs));
        _bias = bias ? new Parameter(empty(outputs)) : null;
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => functional.linear(input, _weight, _bias);
}
