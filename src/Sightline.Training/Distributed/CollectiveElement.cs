namespace Sightline.Training.Distributed;

/// <summary>Types of values that ranks add up.</summary>
public enum CollectiveElement
{
    /// <summary>fp32.</summary>
    Fp32,

    /// <summary>bf16: each sum is rounded to nearest even.</summary>
    Bf16,

    /// <summary>fp16; NCCL only.</summary>
    Fp16,
}
