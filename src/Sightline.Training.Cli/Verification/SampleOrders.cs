using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Sightline.Data.Sampling;
using Sightline.Verification;

namespace Sightline.Training.Cli.Verification;

/// <summary><c>training/sample_order.json</c>: PyTorch's random numbers, permutations and samplers.</summary>
internal static class SampleOrders
{
    public static void Compare(JsonObject orders, Comparison comparison)
    {
        foreach (var (seed, numbers) in orders["random32"]!.AsObject())
        {
            var generator = new TorchGenerator(Seed(seed));
            uint[] expected = [.. numbers!.AsArray().Select(number => (uint)number!)];
            comparison.Equal<uint>($"random32 of seed {seed}", expected, expected.Select(_ => generator.NextUInt32()).ToArray());
        }

        foreach (var sample in orders["randperm"]!.AsArray())
            ComparePermutation(sample!, comparison);
        foreach (var (seed, expected) in orders["sampler_seed"]!.AsObject())
            comparison.Equal<long>($"sampler seed of {seed}", [(long)expected!["value"]!], [new TorchGenerator(Seed(seed)).NextInt63()]);
        foreach (var sample in orders["RandomSampler"]!.AsArray())
        {
            CompareEpochs(sample!, "epochs_torch_1.10", ShuffleOrder.Torch110, comparison);
            CompareEpochs(sample!, "epochs_torch_1.13", ShuffleOrder.Torch113, comparison);
        }

        foreach (var sample in orders["DistributedSampler"]!.AsArray())
        {
            var epochs = sample!["epochs_ranks"]!.AsArray();
            var (count, world, seed) = ((int)sample["n"]!, (int)sample["world_size"]!, (ulong)sample["args_seed"]!);
            for (var epoch = 0; epoch < epochs.Count; epoch++)
            {
                for (var rank = 0; rank < world; rank++)
                    comparison.Equal<int>($"DistributedSampler {count}/{world}, epoch {epoch}, rank {rank}", Integers(epochs[epoch]![rank]), DistributedSampler.Epoch(count, world, rank, seed, epoch));
            }
        }
    }

    public static int[] Integers(JsonNode? node) => [.. node!.AsArray().Select(number => (int)number!)];

    private static void ComparePermutation(JsonNode sample, Comparison comparison)
    {
        var (count, seed) = ((int)sample["n"]!, (ulong)sample["seed"]!);
        var order = new TorchGenerator(seed).RandomPermutation(count);
        var what = $"randperm({count}) of seed {seed}";
        if (sample["result"] is JsonArray all)
        {
            comparison.Equal<int>(what, Integers(all), order);
            return;
        }

        var bytes = new byte[order.Length * 8];
        for (var i = 0; i < order.Length; i++)
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(i * 8), order[i]);
        comparison.Equal<int>($"{what}, first 32", Integers(sample["result"]!["first32"]), order.AsSpan(0, 32));
        comparison.Equal<char>($"{what}, SHA-256", (string)sample["result"]!["sha256_of_int64_le"]!, Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    private static void CompareEpochs(JsonNode sample, string key, ShuffleOrder shuffle, Comparison comparison)
    {
        var (count, seed) = ((int)sample["n"]!, (ulong)sample["args_seed"]!);
        var sampler = RandomSampler.ForTrainer(count, seed, shuffle);
        var epochs = sample[key]!.AsArray();
        for (var epoch = 0; epoch < epochs.Count; epoch++)
            comparison.Equal<int>($"{key} of {count} examples, seed {seed}, epoch {epoch}", Integers(epochs[epoch]), sampler.Epoch(epoch));
    }

    private static ulong Seed(string text) => ulong.Parse(text, CultureInfo.InvariantCulture);
}
