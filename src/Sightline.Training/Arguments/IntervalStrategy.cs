namespace Sightline.Training;

/// <summary>When something recurs (HF <c>IntervalStrategy</c>).</summary>
public enum IntervalStrategy
{
    /// <summary>Never.</summary>
    No,

    /// <summary>Every so many updates.</summary>
    Steps,

    /// <summary>At the end of each epoch.</summary>
    Epoch,
}
