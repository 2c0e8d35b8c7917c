namespace Sightline.Training.Optimization;

/// <summary>Learning-rate schedules, by HF's names for <c>lr_scheduler_type</c>.</summary>
public enum SchedulerKind
{
    /// <summary><c>linear</c>: warm-up, then straight to 0 at the last step. The model card's.</summary>
    Linear,

    /// <summary><c>cosine</c>: warm-up, then half a cosine wave to 0.</summary>
    Cosine,

    /// <summary><c>cosine_with_restarts</c>: as cosine, for 4.17's default of one cycle, which never restarts.</summary>
    CosineWithRestarts,

    /// <summary><c>polynomial</c>: warm-up, then, for 4.17's default power of 1, straight to 1e-7 at the last step; the base rate must be above that.</summary>
    Polynomial,

    /// <summary><c>constant</c>: no warm-up, no fall.</summary>
    Constant,

    /// <summary><c>constant_with_warmup</c>: warm-up, then constant.</summary>
    ConstantWithWarmup,
}
