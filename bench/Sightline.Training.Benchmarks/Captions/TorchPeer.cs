using Sightline.Benchmarks.Peers;
using Sightline.Generation;
using Sightline.Models;
using Sightline.Training.Modeling;
using TorchSharp;
using static TorchSharp.torch;

namespace Sightline.Training.Benchmarks.Captions;

/// <summary>TorchSharp, used as well as its interface allows: torch's fused kernels, inference mode, caches, weights laid out as its products like them.</summary>
internal sealed class TorchPeer : IModelPeer
{
    private readonly ScalarType _type;
    private readonly ViTEncoder _encoder;
    private readonly LinearLayer? _projection;
    private readonly TorchDecoder _decoder;

    /// <param name="name">What the table calls it.</param>
    /// <param name="checkpoint">The weights; copied.</param>
    /// <param name="type">Of weights and arithmetic.</param>
    public TorchPeer(string name, ModelCheckpoint checkpoint, ScalarType type)
    {
        (Name, _type) = (name, type);
        var config = checkpoint.Config;
        _encoder = new ViTEncoder(config.Encoder, new ComputeMode());
        Fill(_encoder, "encoder.", checkpoint, type);
        if (config.HasEncoderToDecoderProjection)
            Fill(_projection = new LinearLayer(config.Encoder.HiddenSize, config.Decoder.NEmbd), "enc_to_dec_proj.", checkpoint, type);
        _decoder = new TorchDecoder(checkpoint, type);
    }

    public string Name { get; }

    public IPeer? Against { get; init; }

    public IPeerEncoding Encode(float[] pixelValues, int batch)
    {
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        var size = (long)Math.Sqrt(pixelValues.Length / (3 * batch));
        var states = _encoder.forward(tensor(pixelValues, [batch, 3, size, size]).to(_type));
        return new Encoding(_decoder, (_projection?.forward(states) ?? states).DetachFromDisposeScope());
    }

    public void Dispose()
    {
        _encoder.Dispose();
        _projection?.Dispose();
        _decoder.Dispose();
    }

    private static void Fill(nn.Module module, string prefix, ModelCheckpoint checkpoint, ScalarType type)
    {
        foreach (var (name, parameter) in module.named_parameters().Where(entry => !ModelWeights.IsUnused(prefix + entry.name)))
            ModelWeights.Write(parameter, checkpoint.Parameters[prefix + name]);
        module.eval();
        module.to(type);
    }

    private sealed class Encoding(TorchDecoder decoder, Tensor states) : IPeerEncoding
    {
        public IDecoderSession StartDecoding(int rowsPerImage) => new TorchSession(decoder, states, rowsPerImage);

        public void Dispose() => states.Dispose();
    }
}
