using Sightline.Generation;
using Sightline.Kernels;
using Sightline.Models;

namespace Sightline.Benchmarks.Peers;

/// <summary>Sightline itself.</summary>
internal sealed class SightlinePeer(string name, Captioner captioner) : IModelPeer
{
    public string Name => name;

    public IPeer? Against => null;

    public Captioner Captioner => captioner;

    public static SightlinePeer Load(string folder, WeightFormat format, int threads) =>
        new($"Sightline {format.ToString().ToLowerInvariant()}", Captioner.Load(folder, new CaptionerOptions { Threads = threads, DType = format, DraftTokens = 0 }));

    public IPeerEncoding Encode(float[] pixelValues, int batch) => new Encoding(captioner.Model, captioner.Model.Encode(pixelValues, batch));

    public void Dispose() => captioner.Dispose();

    private sealed class Encoding(VisionEncoderDecoderModel model, EncoderOutput output) : IPeerEncoding
    {
        public IDecoderSession StartDecoding(int rowsPerImage) => model.StartDecoding(output, rowsPerImage);

        public void Dispose() => output.Dispose();
    }
}
