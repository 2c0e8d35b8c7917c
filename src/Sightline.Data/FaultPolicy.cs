namespace Sightline.Data;

/// <summary>What to do when a part of a data set cannot be used.</summary>
public enum FaultPolicy
{
    /// <summary>Stop with one line that names the faults.</summary>
    Fail,

    /// <summary>Leave the part out and say so in the <see cref="DataReport"/>.</summary>
    Skip,
}
