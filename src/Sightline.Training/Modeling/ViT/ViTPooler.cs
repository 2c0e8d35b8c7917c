using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

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
