using Sightline.Kernels;

namespace Sightline.Models;

/// <summary>The parameters of one layer norm.</summary>
internal sealed class LayerNorm(float[] weight, float[] bias, double epsilon)
{
    public static LayerNorm? Bind(WeightBinder weights, string name, int width, double epsilon)
    {
        var weight = weights.Take($"{name}.weight", width);
        var bias = weights.Take($"{name}.bias", width);
        return weight is null || bias is null ? null : new LayerNorm(weight, bias, epsilon);
    }

    public void Forward(KernelSet kernels, ReadOnlySpan<float> input, Span<float> output) => kernels.LayerNorm(input, weight, bias, epsilon, output);
}
