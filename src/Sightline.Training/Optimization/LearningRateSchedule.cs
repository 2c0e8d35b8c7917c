namespace Sightline.Training.Optimization;

/// <summary>The learning rate of every step (Transformers 4.17 <c>optimization.py</c>).</summary>
/// <param name="Kind">The shape.</param>
/// <param name="BaseRate">The rate after the warm-up.</param>
/// <param name="WarmupSteps">Steps that rise from 0; step k (from 0) of them has k / WarmupSteps of the rate.</param>
/// <param name="TotalSteps">The step at which a falling schedule reaches 0.</param>
public readonly record struct LearningRateSchedule(SchedulerKind Kind, double BaseRate, long WarmupSteps, long TotalSteps)
{
    /// <summary>What a polynomial schedule ends with (4.17's default of <c>lr_end</c>).</summary>
    internal const double PolynomialEnd = 1e-7;

    /// <summary>Steps by which the schedule runs late; below 0: early. Not 0 where a run went on with another number of ranks, so with longer or shorter epochs.</summary>
    public long Offset { get; init; }

    /// <summary>The rate of a step.</summary>
    /// <param name="step">0-based: updates taken before it.</param>
    public double At(long step) => BaseRate * Factor(Math.Max(0, step - Offset));

    private double Factor(long step)
    {
        if (Kind == SchedulerKind.Constant)
            return 1;
        if (step < WarmupSteps)
            return (double)step / Math.Max(1, WarmupSteps);
        var rest = (double)Math.Max(1, TotalSteps - WarmupSteps);
        return Kind switch
        {
            SchedulerKind.Linear => Math.Max(0, (TotalSteps - step) / rest),
            SchedulerKind.Cosine => Math.Max(0, 0.5 * (1 + Math.Cos(Math.PI * 0.5 * 2 * ((step - WarmupSteps) / rest)))),
            SchedulerKind.CosineWithRestarts when step >= WarmupSteps + rest => 0,
            SchedulerKind.CosineWithRestarts => Math.Max(0, 0.5 * (1 + Math.Cos(Math.PI * ((step - WarmupSteps) / rest)))),
            SchedulerKind.Polynomial when step > TotalSteps || TotalSteps <= WarmupSteps => PolynomialEnd / BaseRate,
            SchedulerKind.Polynomial => (((BaseRate - PolynomialEnd) * (1 - ((step - WarmupSteps) / rest))) + PolynomialEnd) / BaseRate,
            _ => 1,
        };
    }
}
