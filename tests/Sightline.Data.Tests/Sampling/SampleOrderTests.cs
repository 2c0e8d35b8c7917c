using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Sightline.Data.Sampling;
using Sightline.IO;
using Sightline.Tests;
using Xunit;

namespace Sightline.Data.Tests.Sampling;

/// <summary>training/sample_order.json and distributed/sampler_vectors.json were made by PyTorch.</summary>
public sealed class SampleOrderTests
{
    private static readonly JsonObject s_orders = JsonFile.ReadObject(Fixture.Path("training", "sample_order.json"));
    private static readonly JsonObject s_vectors = JsonFile.ReadObject(Fixture.Path("distributed", "sampler_vectors.json"));

    private static int[] Integers(JsonNode? node) => [.. node!.AsArray().Select(n => (int)n!)];

    [Fact]
    public void NextUInt32_EverySeed_MatchesTorch()
    {
        foreach (var (seed, numbers) in s_orders["random32"]!.AsObject())
        {
            var generator = new TorchGenerator(ulong.Parse(seed));
            Assert.Equal(numbers!.AsArray().Select(n => (uint)n!), numbers.AsArray().Select(_ => generator.NextUInt32()));
        }
    }

    [Fact]
    public void NextUInt32_HighBitsOfTheSeed_DoNotCount() =>
        Assert.Equal(new TorchGenerator(42).NextUInt32(), new TorchGenerator(42 + (1UL << 40)).NextUInt32());

    [Fact]
    public void RandomPermutation_EveryCase_MatchesTorch()
    {
        var large = 0;
        foreach (var sample in s_orders["randperm"]!.AsArray())
        {
            var order = new TorchGenerator((ulong)sample!["seed"]!).RandomPermutation((int)sample["n"]!);
            if (sample["result"] is JsonArray expected)
            {
                Assert.Equal(Integers(expected), order);
                continue;
            }

            var result = sample["result"]!;
            Assert.Equal(Integers(result["first32"]), order[..32]);
            Assert.Equal(Integers(result["last4"]), order[^4..]);
            var bytes = new byte[order.Length * 8];
            for (var i = 0; i < order.Length; i++)
                BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(i * 8), order[i]);
            Assert.Equal((string)result["sha256_of_int64_le"]!, Convert.ToHexStringLower(SHA256.HashData(bytes)));
            large++;
        }

        Assert.Equal(4, large);
    }

    [Fact]
    public void NextInt63_FirstDraw_IsTheSamplerSeed()
    {
        foreach (var (seed, expected) in s_orders["sampler_seed"]!.AsObject())
            Assert.Equal((long)expected!["value"]!, new TorchGenerator(ulong.Parse(seed)).NextInt63());
    }

    [Theory]
    [InlineData(ShuffleOrder.Torch110, "epochs_torch_1.10")]
    [InlineData(ShuffleOrder.Torch113, "epochs_torch_1.13")]
    public void Epoch_OfTheTrainersSampler_MatchesTorch(ShuffleOrder shuffle, string key)
    {
        foreach (var sample in s_orders["RandomSampler"]!.AsArray())
        {
            var expected = sample![key]!.AsArray().Select(Integers).ToList();
            var sampler = RandomSampler.ForTrainer((int)sample["n"]!, (ulong)sample["args_seed"]!, shuffle);
            for (var epoch = 0; epoch < expected.Count; epoch++)
                Assert.Equal(expected[epoch], sampler.Epoch(epoch));

            // Out of turn and again: the order of an epoch depends on nothing else.
            Assert.Equal(expected[^1], RandomSampler.ForTrainer((int)sample["n"]!, (ulong)sample["args_seed"]!, shuffle).Epoch(expected.Count - 1));
            Assert.Equal(expected[0], sampler.Epoch(0));
            Assert.Equal(expected[1], sampler.Epoch(1));
        }
    }

    [Fact]
    public void Epoch_OfTheTrainersDistributedSampler_MatchesTorch()
    {
        foreach (var sample in s_orders["DistributedSampler"]!.AsArray())
        {
            var epochs = sample!["epochs_ranks"]!.AsArray();
            for (var epoch = 0; epoch < epochs.Count; epoch++)
            {
                for (var rank = 0; rank < (int)sample["world_size"]!; rank++)
                    Assert.Equal(
                        Integers(epochs[epoch]![rank]),
                        DistributedSampler.Epoch((int)sample["n"]!, (int)sample["world_size"]!, rank, (ulong)sample["args_seed"]!, epoch));
            }
        }
    }

    [Fact]
    public void Epoch_OfDistributedVectors_MatchesTorch()
    {
        foreach (var sample in s_vectors["distributed_sampler"]!.AsArray())
        {
            for (var rank = 0; rank < (int)sample!["world"]!; rank++)
                Assert.Equal(
                    Integers(sample["ranks"]![rank]),
                    DistributedSampler.Epoch((int)sample["n"]!, (int)sample["world"]!, rank, (ulong)sample["seed"]!, (int)sample["epoch"]!));
        }
    }

    [Fact]
    public void Shard_OfShardVectors_MatchesTheTrainer()
    {
        foreach (var sample in s_vectors["shard_sampler"]!.AsArray())
        {
            for (var rank = 0; rank < (int)sample!["world"]!; rank++)
                Assert.Equal(
                    Integers(sample["ranks"]![rank]), DistributedSampler.Shard((int)sample["n"]!, (int)sample["world"]!, rank, (int)sample["batch"]!));
        }
    }

    [Fact]
    public void Epoch_TwoSeeds_Differ() =>
        Assert.NotEqual(RandomSampler.ForTrainer(100, 42).Epoch(0), RandomSampler.ForTrainer(100, 43).Epoch(0));

    [Fact]
    public void Sampler_BadArguments_Throw()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomSampler(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TorchGenerator(1).RandomPermutation(int.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>(() => DistributedSampler.Epoch(5, 2, 2, 42, 0));
    }
}
