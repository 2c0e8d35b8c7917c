using Sightline.Configuration;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

internal sealed class ViTEmbeddings : Module<Tensor, Tensor>
{
    [ComponentName(Name = "cls_token")]
    private readonly Parameter _classToken;

    [ComponentName(Name = "distillation_token")]
    private readonly Parameter? _distillationToken;

    [ComponentName(Name = "position_embeddings")]
    private readonly Parameter _positions;

    [ComponentName(Name = "patch_embeddings")]
    private readonly ViTPatchEmbeddings _patches;

    public ViTEmbeddings(ViTConfig config) : base(nameof(ViTEmbeddings))
    {
        _classToken = new Parameter(empty(1, 1, config.HiddenSize));
        _distillationToken = config.HasDistillationToken ? new Parameter(empty(1, 1, config.HiddenSize)) : null;
        _positions = new Parameter(empty(1, config.SequenceLength, config.HiddenSize));
        _patches = new ViTPatchEmbeddings(config);
        RegisterComponents();
    }

    public override Tensor forward(Tensor pixelValues)
    {
        var patches = _patches.forward(pixelValues);
        var batch = patches.shape[0];
        var first = _classToken.expand(batch, -1, -1);
        var tokens = _distillationToken is null
            ? cat([first, patches], 1)
            : cat([first, _distillationToken.expand(batch, -1, -1), patches], 1);
        return tokens + _positions;
    }
}
