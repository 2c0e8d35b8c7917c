using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

/// <summary>A table of rows chosen by id.</summary>
internal sealed class EmbeddingTable : Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    public EmbeddingTable(int rows, int width) : base(nameof(EmbeddingTable))
    {
        _weight = new Parameter(empty(rows, width));
        RegisterComponents();
    }

    /// <summary>[rows, width]; also the output projection of a tied model.</summary>
    public Tensor Weight => _weight;

    // ids [batch, seq]
    public override Tensor forward(Tensor ids) => _weight.index_select(0, ids.reshape(-1)).view(ids.shape[0], ids.shape[1], _weight.shape[1]);
}
