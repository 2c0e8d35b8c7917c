using Sightline.Generation;

namespace Sightline.Benchmarks.Peers;

/// <summary>A way to run the model; the search around it is the same for all.</summary>
internal interface IPeer : IDisposable
{
    string Name { get; }

    /// <summary>Whom it is compared with; null: nobody.</summary>
    IPeer? Against { get; }

    /// <summary>Encodes pictures, and opens decoding runs on them.</summary>
    /// <param name="pixelValues">[batch, 3, size, size].</param>
    /// <param name="batch">Pictures.</param>
    IPeerEncoding Encode(float[] pixelValues, int batch);
}

/// <summary>Encoded pictures.</summary>
internal interface IPeerEncoding : IDisposable
{
    IDecoderSession StartDecoding(int rowsPerImage);
}
