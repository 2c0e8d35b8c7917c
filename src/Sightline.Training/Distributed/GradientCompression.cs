namespace Sightline.Training.Distributed;

/// <summary>How gradients travel between ranks.</summary>
public enum GradientCompression
{
    /// <summary>In the type in which they are computed.</summary>
    None,

    /// <summary>fp32 gradients are rounded to bf16 and added up in bf16: half the bytes, 8 bits of precision (torch's <c>bf16_compress_hook</c>).</summary>
    Bf16,
}
