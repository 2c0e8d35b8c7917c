using Sightline.Configuration;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

internal sealed class ViTPatchEmbeddings : Module<Tensor, Tensor>
{
    private readonly int _patch;

    [ComponentName(Name = "projection")]
    private readonly PatchProjection _projection;

    public ViTPatchEmbeddings(ViTConfig config) : base(nameof(ViTPatchEmbeddings))
    {
        _patch = config.PatchSize;
        _projection = new PatchProjection(config);
        RegisterComponents();
    }

    // A convolution whose stride is its kernel is one matrix product over patches.
    public override Tensor forward(Tensor pixelValues)
    {
        var (rows, columns) = (pixelValues.shape[2] / _patch, pixelValues.shape[3] / _patch);
        var cropped = pixelValues.narrow(2, 0, rows * _patch).narrow(3, 0, columns * _patch);
        var patches = cropped.reshape(pixelValues.shape[0], pixelValues.shape[1], rows, _patch, columns, _patch)
            .permute(0, 2, 4, 1, 3, 5)
            .reshape(pixelValues.shape[0], rows * columns, pixelValues.shape[1] * _patch * _patch); // [batch, patches, channels * patch * patch]
        return _projection.forward(patches);
    }
}
