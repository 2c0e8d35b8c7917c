using Sightline.Generation;
using Xunit;

namespace Sightline.Tests.Generation;

public sealed class PortableRandomTests
{
    [Fact]
    public void NextUInt64_KnownState_GivesThePublishedNumbers()
    {
        // The authors' C code from state 1, 2, 3, 4.
        var random = new PortableRandom(1, 2, 3, 4);
        ulong[] expected = [11520, 0, 1509978240, 1215971899390074240, 1216172134540287360, 607988272756665600, 16172922978634559625, 8476171486693032832, 10595114339597558777, 2904607092377533576];
        Assert.Equal(expected, Draw(ref random, expected.Length));
    }

    [Fact]
    public void Streams_OfOneSeedAndOfNeighbouringSeeds_ShareNoNumbers()
    {
        var seen = new HashSet<ulong>();
        for (var seed = 0L; seed < 20; seed++)
        {
            for (var stream = 0; stream < 20; stream++)
            {
                var random = new PortableRandom(seed, stream);
                Assert.All(Draw(ref random, 50), number => Assert.True(seen.Add(number)));
            }
        }
    }

    [Fact]
    public void NextDouble_ManyDraws_IsUniformAndInside()
    {
        var random = new PortableRandom(7, 0);
        var (sum, squares) = (0.0, 0.0);
        for (var i = 0; i < 100_000; i++)
        {
            var x = random.NextDouble();
            Assert.True(x is > 0 and < 1);
            sum += x;
            squares += x * x;
        }

        Assert.Equal(0.5, sum / 100_000, 0.004); // 4 standard errors
        Assert.Equal(1.0 / 3, squares / 100_000, 0.004);
    }

    [Fact]
    public void NextGumbel_LargestOfNoisyLogProbabilities_FollowsTheProbabilities()
    {
        double[] p = [0.5, 0.3, 0.2];
        var counts = new int[3];
        var random = new PortableRandom(8, 0);
        for (var i = 0; i < 50_000; i++)
        {
            var (best, winner) = (double.NegativeInfinity, 0);
            for (var k = 0; k < p.Length; k++)
            {
                var key = Math.Log(p[k]) + random.NextGumbel();
                if (key > best)
                    (best, winner) = (key, k);
            }

            counts[winner]++;
        }

        for (var k = 0; k < p.Length; k++)
            Assert.Equal(p[k], counts[k] / 50_000.0, 0.009); // 4 standard errors
    }

    private static ulong[] Draw(ref PortableRandom random, int count)
    {
        var numbers = new ulong[count];
        for (var i = 0; i < count; i++)
            numbers[i] = random.NextUInt64();
        return numbers;
    }
}
