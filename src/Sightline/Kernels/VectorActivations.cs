using System.Numerics.Tensors;

namespace Sightline.Kernels;

/// <summary>Activation functions on vectors, a cache-sized block at a time.</summary>
internal static class VectorActivations
{
    private const int Block = 256;

    public static void Apply(Activation function, Span<float> values)
    {
        switch (function)
        {
            case Activation.Relu:
                TensorPrimitives.Max(values, 0f, values);
                return;
            case Activation.Tanh:
                TensorPrimitives.Tanh<float>(values, values);
                return;
            case Activation.Identity:
                return;
        }

        Span<float> a = stackalloc float[Block], b = stackalloc float[Block];
        for (var start = 0; start < values.Length; start += Block)
        {
            var x = values.Slice(start, Math.Min(Block, values.Length - start));
            switch (function)
            {
                case Activation.Gelu:
                    Gelu(x, a[..x.Length], b[..x.Length]);
                    break;
                case Activation.GeluNew or Activation.GeluFast:
                    // ½ (1 + tanh(u)) = σ(2u)
                    TensorPrimitives.Multiply(x, x, a[..x.Length]);
                    MultiplyAdd(a[..x.Length], 0.044715f, 1f);
                    TensorPrimitives.Multiply(a[..x.Length], 2 * 0.7978845608f, a[..x.Length]);
                    TensorPrimitives.Multiply(a[..x.Length], x, a[..x.Length]);
                    TimesSigmoid(x, a[..x.Length]);
                    break;
                case Activation.QuickGelu:
                    TensorPrimitives.Multiply(x, 1.702f, a[..x.Length]);
                    TimesSigmoid(x, a[..x.Length]);
                    break;
                case Activation.Silu:
                    x.CopyTo(a);
                    TimesSigmoid(x, a[..x.Length]);
                    break;
            }
        }
    }

    private static void TimesSigmoid(Span<float> x, Span<float> argument)
    {
        TensorPrimitives.Sigmoid<float>(argument, argument);
        TensorPrimitives.Multiply(x, argument, x);
    }

    /// <summary>
    /// ½ x (1 + erf(x/√2)) with erf by Abramowitz and Stegun 7.1.26, |error| ≤ 1.5e-7:
    /// 1 − (a₁t + … + a₅t⁵) e^(−z²), t = 1 / (1 + 0.3275911 z), z = |x|/√2. For x &lt; 0: ½ x erfc(z).
    /// </summary>
    private static void Gelu(Span<float> x, Span<float> t, Span<float> tail)
    {
        TensorPrimitives.Abs<float>(x, t);
        MultiplyAdd(t, 0.3275911f * 0.70710678f, 1f);
        TensorPrimitives.Reciprocal<float>(t, t);
        TensorPrimitives.Multiply(t, 1.061405429f, tail);
        TensorPrimitives.Add(tail, -1.453152027f, tail);
        MultiplyAdd(tail, t, 1.421413741f);
        MultiplyAdd(tail, t, -0.284496736f);
        MultiplyAdd(tail, t, 0.254829592f);
        TensorPrimitives.Multiply(tail, t, tail);
        TensorPrimitives.Multiply(x, x, t);
        TensorPrimitives.Multiply(t, -0.5f, t);
        TensorPrimitives.Exp<float>(t, t);
        TensorPrimitives.Multiply(tail, t, tail);

        // tail = erfc(|x|/√2): gelu = max(x, 0) − ½ |x| tail
        TensorPrimitives.Abs<float>(x, t);
        TensorPrimitives.Multiply(t, tail, tail);
        TensorPrimitives.Max(x, 0f, x);
        TensorPrimitives.MultiplyAdd(tail, -0.5f, x, x);
    }

    private static void MultiplyAdd(Span<float> sum, ReadOnlySpan<float> t, float coefficient)
    {
        TensorPrimitives.Multiply(sum, t, sum);
        TensorPrimitives.Add(sum, coefficient, sum);
    }

    private static void MultiplyAdd(Span<float> values, float factor, float addend)
    {
        TensorPrimitives.Multiply(values, factor, values);
        TensorPrimitives.Add(values, addend, values);
    }
}
