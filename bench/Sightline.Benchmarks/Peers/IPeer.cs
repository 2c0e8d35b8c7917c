using Sightline.Generation;

namespace Sightline.Benchmarks.Peers;

/// <summary>A way to caption.</summary>
internal interface IPeer : IDisposable
{
    string Name { get; }

    /// <summary>Whom it is compared with; null: nobody.</summary>
    IPeer? Against { get; }

    bool HasBeamSearch => true;

    /// <summary>Captions pictures, and gives the tokens of the first.</summary>
    /// <param name="pixelValues">[batch, 3, size, size].</param>
    /// <param name="batch">Pictures.</param>
    /// <param name="options">Complete.</param>
    IReadOnlyList<int> Caption(float[] pixelValues, int batch, GenerationOptions options);
}
