using System.Runtime.Intrinsics;

namespace Sightline.Kernels;

/// <summary><see cref="Exponential{T}"/> at this processor's width; every width gives the same bits where it has fused products.</summary>
internal static class Exponentials
{
    /// <summary>target[i] = e^(values[i] − shift).</summary>
    public static void Of(ReadOnlySpan<float> values, float shift, Span<float> target)
    {
        if (Vector512.IsHardwareAccelerated)
            Exponential<Lanes512>.Of(values, shift, target);
        else if (Vector256.IsHardwareAccelerated)
            Exponential<Lanes256>.Of(values, shift, target);
        else
            Exponential<Lanes128>.Of(values, shift, target);
    }
}
