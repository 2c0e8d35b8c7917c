namespace Sightline.Training;

/// <summary>Both losses over the same captions, whichever one is trained on.</summary>
/// <param name="Pad">Mean over every label position, padding included, in nats.</param>
/// <param name="Masked">Mean over real tokens, in nats.</param>
public readonly record struct LossPair(double Pad, double Masked)
{
    /// <summary>How much padding dilutes the loss: <see cref="Pad"/> / <see cref="Masked"/>.</summary>
    public double Dilution => Pad / Masked;
}
