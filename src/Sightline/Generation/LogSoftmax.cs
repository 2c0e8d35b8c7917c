using System.Numerics.Tensors;
using Sightline.Kernels;

namespace Sightline.Generation;

/// <summary>Logarithm of the softmax in fp32, shifted by the maximum and summed in the order of torch (<see cref="EightLaneSum"/>).</summary>
internal static class LogSoftmax
{
    /// <summary>scores[i] - log(sum exp(scores)), in place.</summary>
    /// <param name="scores">[n]; negative infinity stays.</param>
    /// <param name="scratch">At least n elements, overwritten with the exponentials.</param>
    public static void InPlace(Span<float> scores, Span<float> scratch)
    {
        var exponentials = scratch[..scores.Length];
        TensorPrimitives.Subtract(scores, TensorPrimitives.Max<float>(scores), scores);
        Exponentials.Of(scores, 0, exponentials);
        TensorPrimitives.Subtract(scores, MathF.Log(EightLaneSum.Of(exponentials)), scores);
    }

    /// <summary>Writes exp(scores - maximum) to <paramref name="scratch"/>; returns the logarithm of the sum of exp(scores).</summary>
    public static float LogSumExp(ReadOnlySpan<float> scores, Span<float> scratch, out float max)
    {
        var exponentials = scratch[..scores.Length];
        max = TensorPrimitives.Max(scores);
        Exponentials.Of(scores, max, exponentials);
        return max + MathF.Log(EightLaneSum.Of(exponentials));
    }
}
