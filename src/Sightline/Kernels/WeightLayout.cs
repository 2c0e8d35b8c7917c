namespace Sightline.Kernels;

/// <summary>How a weight matrix is stored.</summary>
internal enum WeightLayout
{
    /// <summary>[out, in], as torch's <c>Linear</c> has it.</summary>
    OutIn,

    /// <summary>[in, out], as GPT-2's <c>Conv1D</c> has it.</summary>
    InOut,
}
