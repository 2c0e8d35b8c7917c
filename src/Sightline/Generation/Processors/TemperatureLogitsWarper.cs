using System.Numerics.Tensors;

namespace Sightline.Generation;

/// <summary>Divides the scores by the temperature.</summary>
/// <param name="temperature">Above 0; below 1 sharpens the distribution.</param>
public sealed class TemperatureLogitsWarper(double temperature) : ILogitsProcessor
{
    private readonly float _temperature = (float)temperature;

    /// <inheritdoc/>
    public void Process(GenerationContext context, Span<float> scores) => TensorPrimitives.Divide(scores, _temperature, scores);
}
