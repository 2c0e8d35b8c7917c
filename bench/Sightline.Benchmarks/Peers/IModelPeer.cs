using Sightline.Generation;

namespace Sightline.Benchmarks.Peers;

/// <summary>A way to run the model; the search around it is Sightline's for all.</summary>
internal interface IModelPeer : IPeer
{
    /// <summary>Encodes pictures, and opens decoding runs on them.</summary>
    /// <param name="pixelValues">[batch, 3, size, size].</param>
    /// <param name="batch">Pictures.</param>
    IPeerEncoding Encode(float[] pixelValues, int batch);

    IReadOnlyList<int> IPeer.Caption(float[] pixelValues, int batch, GenerationOptions options)
    {
        using var encoding = Encode(pixelValues, batch);
        return TextGenerator.Generate(encoding.StartDecoding, options).Sequences[0].TokenIds;
    }
}

/// <summary>Encoded pictures.</summary>
internal interface IPeerEncoding : IDisposable
{
    IDecoderSession StartDecoding(int rowsPerImage);
}
