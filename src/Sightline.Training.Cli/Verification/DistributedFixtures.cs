using Sightline.Data.Sampling;
using Sightline.IO;
using Sightline.Verification;

namespace Sightline.Training.Cli.Verification;

/// <summary><c>distributed/sampler_vectors.json</c>: how PyTorch and the Trainer share examples between processes.</summary>
internal sealed class DistributedFixtures : FixtureKind
{
    public override string Name => "distributed";

    protected override IEnumerable<string> Files(string root) => Directory.EnumerateFiles(Path.Combine(root, Name), "sampler_vectors.json");

    protected override FixtureResult Judge(string root, string file)
    {
        var vectors = JsonFile.ReadObject(file);
        var comparison = new Comparison(Name, Relative(root, file));
        foreach (var sample in vectors["distributed_sampler"]!.AsArray())
        {
            var (count, world, seed, epoch) = ((int)sample!["n"]!, (int)sample["world"]!, (ulong)sample["seed"]!, (int)sample["epoch"]!);
            for (var rank = 0; rank < world; rank++)
                comparison.Equal<int>($"{count} examples, rank {rank} of {world}, seed {seed}, epoch {epoch}", SampleOrders.Integers(sample["ranks"]![rank]), DistributedSampler.Epoch(count, world, rank, seed, epoch));
        }

        foreach (var sample in vectors["shard_sampler"]!.AsArray())
        {
            var (count, world, batch) = ((int)sample!["n"]!, (int)sample["world"]!, (int)sample["batch"]!);
            for (var rank = 0; rank < world; rank++)
                comparison.Equal<int>($"shard of {count} examples, rank {rank} of {world}, batch {batch}", SampleOrders.Integers(sample["ranks"]![rank]), DistributedSampler.Shard(count, world, rank, batch));
        }

        return comparison.Result();
    }
}
