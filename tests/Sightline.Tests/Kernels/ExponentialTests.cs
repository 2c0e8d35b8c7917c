using Sightline.Kernels;
using Xunit;

namespace Sightline.Tests.Kernels;

public sealed class ExponentialTests
{
    [Fact]
    public void Of_WholeRange_IsWithinTwoUnitsInTheLastPlaceAtEveryWidth()
    {
        var random = new Random(11);
        for (var i = 0; i < 200_000; i++)
        {
            var x = (random.NextSingle() * 175.3f) - 87;
            var exact = Math.Exp(x);
            var unit = MathF.BitIncrement((float)exact) - (float)exact;
            foreach (var value in (ReadOnlySpan<float>)[Of<Lanes128>(x), Of<Lanes256>(x), Of<Lanes512>(x)])
                Assert.True(Math.Abs(value - exact) <= 2 * unit, $"e^{x:R}: {value:R}, not {exact:R}");
        }
    }

    [Theory]
    [InlineData(0f, 1f)]
    [InlineData(-88.1f, 0f)]
    [InlineData(float.MinValue, 0f)]
    [InlineData(float.NegativeInfinity, 0f)]
    [InlineData(float.NaN, float.NaN)]
    public void Of_SpecialArgument_GivesItsValue(float x, float expected)
    {
        Assert.Equal(expected, Of<Lanes128>(x));
        Assert.Equal(expected, Of<Lanes256>(x));
        Assert.Equal(expected, Of<Lanes512>(x));
    }

    [Theory]
    [InlineData(89f)]
    [InlineData(float.PositiveInfinity)]
    public void Of_TooLargeArgument_GivesTheGreatestValue(float x) => Assert.Equal(Of<Lanes128>(88.37f), Of<Lanes128>(x));

    [Fact]
    public void PowerOfTwo_NoPositiveArgument_IsWithinItsBoundAtEveryWidth()
    {
        var random = new Random(12);
        for (var i = 0; i < 200_000; i++)
        {
            var x = random.NextSingle() * -126;
            var exact = Math.Pow(2, x);
            foreach (var value in (ReadOnlySpan<float>)[PowerOfTwo<Lanes128>(x), PowerOfTwo<Lanes256>(x), PowerOfTwo<Lanes512>(x)])
                Assert.True(Math.Abs(value - exact) <= 4e-6 * exact, $"2^{x:R}: {value:R}, not {exact:R}");
        }
    }

    [Theory]
    [InlineData(0f, 1f)]
    [InlineData(-126.6f, 0f)]
    [InlineData(float.NegativeInfinity, 0f)]
    [InlineData(float.NaN, float.NaN)]
    public void PowerOfTwo_SpecialArgument_GivesItsValue(float x, float expected)
    {
        Assert.Equal(expected, PowerOfTwo<Lanes128>(x));
        Assert.Equal(expected, PowerOfTwo<Lanes256>(x));
        Assert.Equal(expected, PowerOfTwo<Lanes512>(x));
    }

    private static float Of<T>(float x) where T : struct, ILanes<T> => Only(Exponential<T>.Of(T.Broadcast(x)));

    private static float PowerOfTwo<T>(float x) where T : struct, ILanes<T> => Only(Exponential<T>.PowerOfTwo(T.Broadcast(x)));

    private static float Only<T>(T value) where T : struct, ILanes<T>
    {
        var lanes = new float[T.Count];
        value.Store(ref lanes[0], 0);
        Assert.Equal(-1, lanes.AsSpan().IndexOfAnyExcept(lanes[0]));
        return lanes[0];
    }
}
