using System.Numerics;
using System.Runtime.InteropServices;

namespace Sightline.Training.Kernels;

/// <summary>
/// One pass of Adam over a stretch of flat buffers: reads the gradient, updates both means and the value, and clears the gradient. The three formulas differ
/// only in these factors, which the caller computes once a step:
/// <code>
/// g' = g · GradientScale + L2 · p
/// m  = Beta1 · m + (1 - Beta1) · g'
/// v  = Beta2 · v + (1 - Beta2) · g'²
/// p  = p · Before - StepSize · m / (√v · RootScale + Epsilon), then p = p - After · p
/// </code>
/// </summary>
internal readonly record struct AdamKernel(
    float GradientScale, float L2, float Beta1, float OneMinusBeta1, float Beta2, float OneMinusBeta2, float Before, float StepSize, float RootScale, float Epsilon, float After)
{
    /// <summary>Updates in place; all four spans have one length. Gradients are zero afterwards.</summary>
    public void Run(Span<float> values, Span<float> gradients, Span<float> means, Span<float> squares)
    {
        var done = 0;
        if (Vector.IsHardwareAccelerated)
        {
            var p = MemoryMarshal.Cast<float, Vector<float>>(values);
            var g = MemoryMarshal.Cast<float, Vector<float>>(gradients)[..p.Length];
            var m = MemoryMarshal.Cast<float, Vector<float>>(means)[..p.Length];
            var v = MemoryMarshal.Cast<float, Vector<float>>(squares)[..p.Length];
            var (epsilon, rootScale) = (new Vector<float>(Epsilon), new Vector<float>(RootScale));
            for (var i = 0; i < p.Length; i++)
            {
                var gradient = g[i] * GradientScale + p[i] * L2;
                var mean = m[i] * Beta1 + gradient * OneMinusBeta1;
                var square = v[i] * Beta2 + gradient * gradient * OneMinusBeta2;
                var value = p[i] * Before - mean / (Vector.SquareRoot(square) * rootScale + epsilon) * StepSize;
                p[i] = value - value * After;
                m[i] = mean;
                v[i] = square;
                g[i] = Vector<float>.Zero;
            }

            done = p.Length * Vector<float>.Count;
        }

        RunScalar(values[done..], gradients[done..], means[done..], squares[done..]);
    }

    /// <summary>The same, one by one: the judge of the vector form.</summary>
    internal void RunScalar(Span<float> values, Span<float> gradients, Span<float> means, Span<float> squares)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var gradient = gradients[i] * GradientScale + values[i] * L2;
            means[i] = means[i] * Beta1 + gradient * OneMinusBeta1;
            squares[i] = squares[i] * Beta2 + gradient * gradient * OneMinusBeta2;
            var value = values[i] * Before - means[i] / (MathF.Sqrt(squares[i]) * RootScale + Epsilon) * StepSize;
            values[i] = value - value * After;
            gradients[i] = 0;
        }
    }
}
