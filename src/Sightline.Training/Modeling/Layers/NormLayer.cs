using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

/// <summary>Layer normalisation over the last dimension.</summary>
internal sealed class NormLayer : Module<Tensor, Tensor>
{
    private readonly long[] _shape;
    private readonly double _epsilon;

    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    [ComponentName(Name = "bias")]
    private readonly Parameter _bias;

    public NormLayer(int width, double epsilon) : base(nameof(NormLayer))
    {
        _shape = [width];
        _epsilon = epsilon;
        _weight = new Parameter(empty(width));
        _bias = new Parameter(empty(width));
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => functional.layer_norm(input, _shape, _weight, _bias, _epsilon);
}
