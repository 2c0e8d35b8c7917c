using Sightline.Training.Kernels;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Sightline.Training.Optimization;

/// <summary>
/// Adam and its two AdamW forms over a <see cref="ParameterArena"/>. On the CPU one fused pass in C# (TorchSharp's own optimizers take a call per tensor and
/// formula); on other devices the same formulas as tensor operations over the flat buffers.
/// </summary>
internal sealed class AdamOptimizer : IDisposable
{
    private readonly ParameterArena _arena;
    private readonly AdamOptions _options;
    private readonly bool _fused;

    public AdamOptimizer(ParameterArena arena, AdamOptions options, bool? fused = null)
    {
        _arena = arena;
        _options = options;
        _fused = fused ?? arena.Values.device.type == TorchSharp.DeviceType.CPU;
        using var scope = NewDisposeScope();
        Means = zeros_like(arena.Values).DetachFromDisposeScope();
        Squares = zeros_like(arena.Values).DetachFromDisposeScope();
    }

    /// <summary>Steps taken, the same for every parameter.</summary>
    public long StepCount { get; set; }

    /// <summary>Running means of gradients, laid out as the arena (<c>exp_avg</c>).</summary>
    public Tensor Means { get; }

    /// <summary>Running means of squared gradients (<c>exp_avg_sq</c>).</summary>
    public Tensor Squares { get; }

    /// <summary>The L2 norm of all gradients, times <paramref name="scale"/>. Not finite where one of them is not.</summary>
    public double GradientNorm(double scale = 1)
    {
        var gradients = _arena.Gradients;
        if (!_fused)
        {
            using var scope = NewDisposeScope();
            return gradients.to(ScalarType.Float32).norm().item<float>() * scale;
        }

        // Sums per block, added in order: the same on any number of threads.
        var buffer = new FlatBuffer(gradients);
        var sums = new double[buffer.BlockCount];
        Parallel.For(0, sums.Length, () => new float[FlatBuffer.BlockLength], (block, _, scratch) =>
        {
            sums[block] = SumOfSquares(buffer.IsSingle ? buffer.Block(block) : Widened(buffer, block, scratch));
            return scratch;
        }, _ => { });
        return Math.Sqrt(sums.Sum()) * scale;
    }

    /// <summary>Takes one step and clears the gradients.</summary>
    /// <param name="learningRate">The rate of this step.</param>
    /// <param name="gradientScale">Multiplies every gradient first: clipping and loss scaling in one.</param>
    public void Step(double learningRate, double gradientScale = 1)
    {
        StepCount++;
        if (_fused)
            StepFused(learningRate, gradientScale);
        else
            StepTensors(learningRate, gradientScale);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Means.Dispose();
        Squares.Dispose();
    }

    private AdamKernel Kernel(double learningRate, double gradientScale, bool decays)
    {
        var (kind, beta1, beta2, epsilon, weightDecay) = _options;
        var decay = decays ? weightDecay : 0;
        var correction1 = 1 - Math.Pow(beta1, StepCount);
        var correction2 = 1 - Math.Pow(beta2, StepCount);
        var hf = kind == OptimizerKind.AdamWHf;
        return new AdamKernel(
            (float)gradientScale,
            L2: kind == OptimizerKind.AdamTorch ? (float)decay : 0,
            (float)beta1, (float)(1 - beta1), (float)beta2, (float)(1 - beta2),
            Before: kind == OptimizerKind.AdamWTorch ? (float)(1 - learningRate * decay) : 1,
            StepSize: (float)(hf ? learningRate * Math.Sqrt(correction2) / correction1 : learningRate / correction1),
            RootScale: hf ? 1 : (float)(1 / Math.Sqrt(correction2)),
            (float)epsilon,
            After: hf ? (float)(learningRate * decay) : 0);
    }

    private void StepFused(double learningRate, double gradientScale)
    {
        var decayed = Kernel(learningRate, gradientScale, decays: true);
        var plain = Kernel(learningRate, gradientScale, decays: false);
        var (values, gradients) = (new FlatBuffer(_arena.Values), new FlatBuffer(_arena.Gradients));
        var (means, squares) = (new FlatBuffer(Means), new FlatBuffer(Squares));
        var compute = _arena.Compute is { } tensor ? new FlatBuffer(tensor) : default;
        var boundary = _arena.DecayedLength;
        Parallel.For(0, values.BlockCount, () => new float[gradients.IsSingle ? 0 : FlatBuffer.BlockLength], (block, _, scratch) =>
        {
            var p = values.Block(block);
            var g = gradients.IsSingle ? gradients.Block(block) : Widened(gradients, block, scratch);
            var m = means.Block(block);
            var v = squares.Block(block);
            var split = (int)Math.Clamp(boundary - ((long)block * FlatBuffer.BlockLength), 0, p.Length);
            decayed.Run(p[..split], g[..split], m[..split], v[..split]);
            plain.Run(p[split..], g[split..], m[split..], v[split..]);
            if (!gradients.IsSingle)
            {
                gradients.Clear(block);
                compute.Narrow(block, p);
            }

            return scratch;
        }, _ => { });
    }

    private void StepTensors(double learningRate, double gradientScale)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (start, length, decays) in new[] { (0L, _arena.DecayedLength, true), (_arena.DecayedLength, _arena.Length - _arena.DecayedLength, false) })
        {
            if (length == 0)
                continue;
            var kernel = Kernel(learningRate, gradientScale, decays);
            var p = _arena.Values.narrow(0, start, length);
            var g = _arena.Gradients.narrow(0, start, length).to(ScalarType.Float32) * kernel.GradientScale;
            if (kernel.L2 != 0)
                g += p * kernel.L2;
            var m = Means.narrow(0, start, length).mul_(kernel.Beta1).add_(g, alpha: kernel.OneMinusBeta1);
            var v = Squares.narrow(0, start, length).mul_(kernel.Beta2).addcmul_(g, g, value: kernel.OneMinusBeta2);
            var root = v.sqrt().mul_(kernel.RootScale).add_(kernel.Epsilon);
            p.mul_(kernel.Before).addcdiv_(m, root, value: -kernel.StepSize);
            if (kernel.After != 0)
                p.mul_(1 - kernel.After);
        }

        _arena.Gradients.zero_();
        _arena.Compute?.copy_(_arena.Values);
    }

    private static Span<float> Widened(FlatBuffer buffer, int block, float[] scratch)
    {
        var target = scratch.AsSpan(0, buffer.BlockSize(block));
        buffer.Widen(block, target);
        return target;
    }

    private static double SumOfSquares(ReadOnlySpan<float> values)
    {
        var sum = 0.0;
        for (var i = 0; i < values.Length; i += 1024)
            sum += TensorPrimitives.SumOfSquares(values.Slice(i, Math.Min(1024, values.Length - i)));
        return sum;
    }
}
