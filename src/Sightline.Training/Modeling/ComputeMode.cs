namespace Sightline.Training.Modeling;

/// <summary>How the layers of one model compute; shared by all of them.</summary>
internal sealed class ComputeMode
{
    /// <summary>
    /// Attention and <c>gelu_new</c> step by step in 4.17's order of operations, instead of torch's fused kernels: slower, the same but for rounding.
    /// </summary>
    public bool ReferenceOrder { get; set; }
}
