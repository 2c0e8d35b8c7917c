using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

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
