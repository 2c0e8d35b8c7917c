using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

/// <summary>The same with the weight as GPT-2 stores it (HF <c>Conv1D</c>): [in, out].</summary>
internal sealed class Conv1DLayer : Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    [ComponentName(Name = "bias")]
    private readonly Parameter _bias;

    public Conv1DLayer(int inputs, int outputs) : base(nameof(Conv1DLayer))
    {
        _weight = new Parameter(empty(inputs, outputs));
        _bias = new Parameter(empty(outputs));
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) =>
        addmm(_bias, input.reshape(-1, _weight.shape[0]), _weight, 1, 1).view(input.shape[0], input.shape[1], _weight.shape[1]);
}
