using Sightline.Configuration;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

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
