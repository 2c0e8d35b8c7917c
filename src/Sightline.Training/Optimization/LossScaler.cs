namespace Sightline.Training.Optimization;

/// <summary>
/// Dynamic loss scaling (torch <c>GradScaler</c>): the loss is multiplied so that small fp16 gradients do not vanish; an overflow halves the factor and skips the
/// update, 2000 updates without one double it.
/// </summary>
internal sealed class LossScaler
{
    public const double GrowthFactor = 2;
    public const double BackoffFactor = 0.5;
    public const int GrowthInterval = 2000;

    /// <summary>The factor.</summary>
    public double Scale { get; set; } = 65536;

    /// <summary>Updates since the last change.</summary>
    public int GrowthTracker { get; set; }

    public void Overflowed()
    {
        Scale *= BackoffFactor;
        GrowthTracker = 0;
    }

    public void Succeeded()
    {
        if (++GrowthTracker < GrowthInterval)
            return;
        Scale *= GrowthFactor;
        GrowthTracker = 0;
    }
}
