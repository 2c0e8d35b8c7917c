namespace Sightline.Training;

/// <summary>What one update did.</summary>
/// <param name="Loss">The mean over the labels of its micro-batches; meaningful where labels weigh the same.</param>
/// <param name="GradientNorm">L2 norm before clipping.</param>
/// <param name="Taken">False where the norm is not finite: nothing was changed.</param>
internal readonly record struct UpdateResult(double Loss, double GradientNorm, bool Taken);
