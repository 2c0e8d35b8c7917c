namespace Sightline.Training;

/// <summary>What one update did.</summary>
/// <param name="Step">Its number, 1-based.</param>
/// <param name="TotalSteps">Updates in all.</param>
/// <param name="Epoch">Epochs done after it, with a fraction.</param>
/// <param name="LearningRate">The rate it used.</param>
/// <param name="GradientNorm">L2 norm of all gradients before clipping; not finite where fp16 overflowed and the update was skipped.</param>
/// <param name="Losses">Both losses over its micro-batches.</param>
/// <param name="Images">Pictures it encoded.</param>
/// <param name="Seconds">Time since the update before it, without evaluation and saving.</param>
public readonly record struct StepInfo(int Step, int TotalSteps, double Epoch, double LearningRate, double GradientNorm, LossPair Losses, int Images, double Seconds);
