using Sightline.Kernels;
using Xunit;

namespace Sightline.Tests.Kernels;

public sealed class VectorActivationsTests
{
    [Fact]
    public void Gelu_WholeRange_IsWithinItsBoundAtEveryWidth()
    {
        var random = new Random(13);
        float[] x = [0, -5.25f, 5.25f, -50, 50, .. Enumerable.Range(0, 200_000).Select(_ => (random.NextSingle() * 16) - 8)];
        foreach (var actual in new[] { Gelu<Lanes128>(x), Gelu<Lanes256>(x), Gelu<Lanes512>(x) })
        {
            for (var i = 0; i < x.Length; i++)
            {
                var exact = ReferenceKernels.Activate(Activation.Gelu, x[i]);
                var half = 0.5 * (MathF.BitIncrement(Math.Abs(x[i])) - Math.Abs(x[i])); // a float near x can be no nearer
                Assert.True(Math.Abs(actual[i] - exact) <= 4e-7 + half, $"{x[i]:R}: {actual[i]:R}, not {exact:R}");
            }
        }
    }

    [Fact]
    public void Gelu_NotANumber_StaysSo() => Assert.True(float.IsNaN(Gelu<Lanes512>([float.NaN])[0]));

    private static float[] Gelu<T>(float[] values) where T : struct, ILanes<T>
    {
        float[] result = [.. values];
        VectorActivations<T>.Apply(Activation.Gelu, result);
        return result;
    }
}
