using Sightline.Training.Kernels;
using Sightline.Training.Modeling;
using Sightline.Training.Optimization;
using static TorchSharp.torch;

namespace Sightline.Training.Tests.Optimization;

public sealed class AdamOptimizerTests
{
    private const double SameFormula = 1e-6; // a few roundings of values around 1 over 10 steps

    [Theory]
    [InlineData(OptimizerKind.AdamWHf, 0)]
    [InlineData(OptimizerKind.AdamWHf, 0.1)]
    [InlineData(OptimizerKind.AdamWTorch, 0.1)]
    [InlineData(OptimizerKind.AdamTorch, 0.1)]
    public void Step_FusedAndAsTensorOperations_Agree(OptimizerKind kind, double weightDecay)
    {
        var fused = Run(kind, weightDecay, fused: true);
        var tensors = Run(kind, weightDecay, fused: false);
        Close.Assert("values", tensors, fused, SameFormula);
        Assert.Contains(fused, value => Math.Abs(value) > 1e-3f);
    }

    [Theory]
    [InlineData(OptimizerKind.AdamWTorch)]
    [InlineData(OptimizerKind.AdamTorch)]
    public void Step_TorchKinds_FollowTorchsOwnOptimizers(OptimizerKind kind)
    {
        // Torch's optimizers know no groups here, so the decay is left out of both.
        using var scope = NewDisposeScope();
        var values = ModelValues();
        var parameter = new TorchSharp.Modules.Parameter(tensor(values));
        optim.Optimizer reference = kind == OptimizerKind.AdamTorch
            ? optim.Adam([parameter], lr: 1e-2, beta1: 0.8, beta2: 0.95, eps: 1e-6)
            : optim.AdamW([parameter], lr: 1e-2, beta1: 0.8, beta2: 0.95, eps: 1e-6, weight_decay: 0);
        var random = new Random(3);
        for (var step = 0; step < 10; step++)
        {
            parameter.grad = tensor(Gradients(random, values.Length));
            reference.step();
        }

        Close.Assert("values", ModelWeights.Read(parameter), Run(kind, 0, fused: true, new AdamOptions(kind, 0.8, 0.95, 1e-6)), 1e-6);
    }

    [Fact]
    public void Step_WeightDecay_TouchesOnlyTheFirstGroup()
    {
        using var model = GoldenRun.Model();
        using var arena = new ParameterArena(model, ParameterGroups.Create(model.Module, []));
        using var optimizer = new AdamOptimizer(arena, new AdamOptions(OptimizerKind.AdamWHf, WeightDecay: 0.5));
        var (weight, bias) = ("encoder.layernorm.weight", "decoder.transformer.wpe.weight");
        var (weightBefore, biasBefore) = (model.ReadParameter(weight), model.ReadParameter(bias));
        optimizer.Step(0.1); // no gradients: only the decay acts
        Assert.Equal(weightBefore, model.ReadParameter(weight));
        Close.Assert(bias, [.. biasBefore.Select(value => value * 0.95f)], model.ReadParameter(bias), 1e-7);
    }

    [Fact]
    public void GradientNorm_AnyScale_IsTorchs()
    {
        using var model = GoldenRun.Model();
        using var arena = new ParameterArena(model, ParameterGroups.Create(model.Module, []));
        using var optimizer = new AdamOptimizer(arena, new AdamOptions(OptimizerKind.AdamWHf));
        using var scope = NewDisposeScope();
        using (no_grad())
            arena.Gradients.normal_();
        var expected = arena.Gradients.to(ScalarType.Float64).norm().item<double>();
        Assert.Equal(expected, optimizer.GradientNorm(), expected * 1e-6);
        Assert.Equal(expected / 4, optimizer.GradientNorm(0.25), expected * 1e-6);
        using (no_grad())
            arena.Gradients[5] = float.NaN;
        Assert.False(double.IsFinite(optimizer.GradientNorm()));
    }

    [Fact]
    public void Kernel_EveryLength_VectorsEqualScalars()
    {
        var kernel = new AdamKernel(0.5f, 0.01f, 0.9f, 0.1f, 0.999f, 0.001f, 0.99f, 0.02f, 1.5f, 1e-6f, 0.03f);
        var width = System.Numerics.Vector<float>.Count;
        foreach (var length in new[] { 0, 1, width - 1, width, width + 1, 3 * width, 1000, 1001 })
        {
            var random = new Random(length);
            float[] Values() => [.. Enumerable.Range(0, length).Select(_ => random.NextSingle() - 0.5f)];
            var (p, g, m) = (Values(), Values(), Values());
            var v = Values().Select(MathF.Abs).ToArray();
            var (p2, g2, m2, v2) = ((float[])p.Clone(), (float[])g.Clone(), (float[])m.Clone(), (float[])v.Clone());
            kernel.Run(p, g, m, v);
            kernel.RunScalar(p2, g2, m2, v2);
            Close.Assert("p", p2, p, SameFormula);
            Close.Assert("m", m2, m, SameFormula);
            Close.Assert("v", v2, v, SameFormula);
            Assert.All(g, value => Assert.Equal(0, value));
        }
    }

    [Theory]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float16)]
    public void FlatBuffer_HalfPrecision_RoundsAsTorch(ScalarType type)
    {
        using var scope = NewDisposeScope();
        var values = Gradients(new Random(8), FlatBuffer.BlockLength + 77).Select(value => value * 50).ToArray();
        values[3] = 1.00390625f; // a tie in bf16
        values[4] = float.PositiveInfinity;
        values[5] = 0;
        var expected = ModelWeights.Read(tensor(values).to(type));
        var target = zeros(values.Length, type);
        var buffer = new FlatBuffer(target);
        var widened = new float[values.Length];
        for (var block = 0; block < buffer.BlockCount; block++)
        {
            var part = values.AsSpan(block * FlatBuffer.BlockLength, buffer.BlockSize(block));
            buffer.Narrow(block, part);
            buffer.Widen(block, widened.AsSpan(block * FlatBuffer.BlockLength, part.Length));
        }

        Assert.Equal(expected, ModelWeights.Read(target));
        Assert.Equal(expected, widened);
        buffer.Clear(1);
        Assert.All(ModelWeights.Read(target)[FlatBuffer.BlockLength..], value => Assert.Equal(0, value));
        Assert.NotEqual(0, ModelWeights.Read(target)[0]);
    }

    [Fact]
    public void LossScaler_Overflows_HalvesAndGrowsAgain()
    {
        var scaler = new LossScaler();
        scaler.Overflowed();
        Assert.Equal(32768, scaler.Scale);
        for (var i = 0; i < LossScaler.GrowthInterval - 1; i++)
            scaler.Succeeded();
        Assert.Equal(32768, scaler.Scale);
        scaler.Succeeded();
        Assert.Equal(65536, scaler.Scale);
        Assert.Equal(0, scaler.GrowthTracker);
    }

    private static float[] ModelValues()
    {
        using var model = GoldenRun.Model();
        using var arena = new ParameterArena(model, ParameterGroups.Create(model.Module, []));
        return ModelWeights.Read(arena.Values);
    }

    private static float[] Gradients(Random random, int length) => [.. Enumerable.Range(0, length).Select(_ => (random.NextSingle() - 0.5f) * 0.1f)];

    private static float[] Run(OptimizerKind kind, double weightDecay, bool fused, AdamOptions? options = null)
    {
        using var model = GoldenRun.Model();
        using var arena = new ParameterArena(model, ParameterGroups.Create(model.Module, []));
        using var optimizer = new AdamOptimizer(arena, options ?? new AdamOptions(kind, WeightDecay: weightDecay), fused);
        var random = new Random(3);
        for (var step = 0; step < 10; step++)
        {
            using (var scope = NewDisposeScope())
            using (no_grad())
                arena.Gradients.copy_(tensor(Gradients(random, (int)arena.Length)));
            optimizer.Step(1e-2);
            Assert.Equal(0, ModelWeights.Read(arena.Gradients).Max(MathF.Abs));
        }

        return ModelWeights.Read(arena.Values);
    }
}
