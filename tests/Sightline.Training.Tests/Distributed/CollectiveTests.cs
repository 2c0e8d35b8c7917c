using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Sightline.Training.Distributed;
using Sightline.Training.Kernels;
using Sightline.Training.Ranks;

namespace Sightline.Training.Tests.Distributed;

public sealed class CollectiveTests
{
    public static TheoryData<string, int> Jobs => new() { { MpiJob.OpenMpi, 2 }, { MpiJob.OpenMpi, 3 }, { MpiJob.Mpich, 2 }, { MpiJob.Mpich, 4 } };

    [Theory]
    [MemberData(nameof(Jobs))]
    public async Task Calls_OverMpi_GiveSumsAndCopies(string launcher, int world)
    {
        var job = await MpiJob.RunAsync(launcher, world, "collective");
        Assert.True(job.ExitCode == 0, job.Error);
        Check(job.Ranks, world);
        Assert.All(job.Ranks, rank => Assert.Contains(launcher == MpiJob.Mpich ? "(MPICH)" : "(Open MPI)", (string)rank["description"]!, StringComparison.Ordinal));
    }

    [Fact]
    public void Calls_OverThreads_GiveSumsAndCopies() => Check(ThreadRanks.Run(3, CollectiveJob.Run), 3);

    [Fact]
    public void Calls_OfOneProcess_GiveItsOwn() => Check([CollectiveJob.Run(new LocalCollective())], 1);

    [Fact]
    public void Texts_OverThreads_ReachEveryRank()
    {
        var results = ThreadRanks.Run(3, ranks => (All: ranks.Gather(new string('ä', ranks.Rank)), First: ranks.Broadcast($"from {ranks.Rank}"), Empty: ranks.Broadcast("")));
        Assert.All(results, result =>
        {
            Assert.Equal(["", "ä", "ää"], result.All);
            Assert.Equal(("from 0", ""), (result.First, result.Empty));
        });
    }

    [Theory]
    [InlineData(0x3f80, 1f)]
    [InlineData(0xc2f7, -123.5f)]
    [InlineData(0x7f80, float.PositiveInfinity)]
    public void BFloat16_WidenAndNarrow_AreExact(int word, float value)
    {
        Assert.Equal(value, BFloat16Words.Widen((ushort)word));
        Assert.Equal((ushort)word, BFloat16Words.Narrow(value));
    }

    [Fact]
    public void BFloat16_Narrow_RoundsAsTorchDoes()
    {
        var random = new Random(7);
        var values = Enumerable.Range(0, 10_000).Select(_ => BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32))).Where(float.IsFinite).ToArray();
        using var tensor = TorchSharp.torch.tensor(values).to(TorchSharp.torch.ScalarType.BFloat16).to(TorchSharp.torch.ScalarType.Float32);
        Assert.Equal(tensor.data<float>().ToArray(), values.Select(value => BFloat16Words.Widen(BFloat16Words.Narrow(value))));
    }

    // Sums of two are exact in one rounding; of more, their order is the library's.
    private static void Check(IReadOnlyList<JsonObject> ranks, int world)
    {
        Assert.Equal(world, ranks.Count);
        var all = Enumerable.Range(0, world).ToList();
        var (sums, words) = (Read<float>(ranks[0], "sums"), Read<ushort>(ranks[0], "words"));
        for (var i = 0; i < sums.Length; i++)
        {
            var sum = all.Sum(rank => (double)CollectiveJob.Value(rank, i));
            Assert.True(Math.Abs(sum - sums[i]) <= 1e-6 * all.Sum(rank => Math.Abs(CollectiveJob.Value(rank, i))), $"sum {i} is {sums[i]}, expected {sum}");
            var rounded = all.Sum(rank => MathF.Round(CollectiveJob.Value(rank, i))); // whole numbers below 256 are exact in bf16
            Assert.True(Math.Abs(rounded) > 256 || rounded == BFloat16Words.Widen(words[i]), $"bf16 sum {i} is {BFloat16Words.Widen(words[i])}, expected {rounded}");
        }

        Assert.Equal(all.Sum(rank => CollectiveJob.Value(rank, CollectiveJob.Count - 1)), (float)ranks[0]["last"]!, 1e-3);
        foreach (var (rank, number) in ranks.Select((rank, number) => (rank, number)))
        {
            Assert.Equal((number, world), ((int)rank["rank"]!, (int)rank["world"]!));
            Assert.Equal((string)ranks[0]["sums"]!, (string)rank["sums"]!);
            Assert.Equal((string)ranks[0]["words"]!, (string)rank["words"]!);
            Assert.Equal(0.5f, (float)rank["broadcast"]!);
            Assert.Equal([7, 9], Read<byte>(rank, "bytes"));
            Assert.Equal(all.SelectMany(other => new byte[] { (byte)other, 1, 2 }), Read<byte>(rank, "gathered"));
        }
    }

    private static T[] Read<T>(JsonObject rank, string name) where T : unmanaged => MemoryMarshal.Cast<byte, T>(Convert.FromBase64String((string)rank[name]!)).ToArray();
}
