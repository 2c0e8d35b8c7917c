using System.Text.Json.Nodes;
using Sightline.Training.Distributed;
using Sightline.Training.Ranks;

namespace Sightline.Training.Tests.Distributed;

/// <summary>Ranks against one process that accumulates the same micro-batches.</summary>
public sealed class RankTrainingTests : IDisposable
{
    private readonly RankModel _model = new();

    public void Dispose() => _model.Dispose();

    [Theory]
    [MemberData(nameof(MpiJob.Launchers), MemberType = typeof(MpiJob))]
    public async Task TwoRanks_OverMpi_EqualAccumulationToTheBit(string launcher)
    {
        var ranks = await Train(launcher, 2, _model.Arguments(1, "ranks"));
        var one = TrainingJob.Run(new LocalCollective(), _model.Config, _model.Arguments(2, "one"));
        Assert.All(ranks, rank => Assert.Equal((string)one["hash"]!, (string)rank["hash"]!));
        Assert.Equal(File.ReadAllBytes(RankModel.Weights(_model["one"])), File.ReadAllBytes(RankModel.Weights(_model["ranks"])));
        Assert.All(ranks, rank => Assert.Equal((4, 4), ((int)rank["buckets"]!, (int)rank["overlapped"]!)));
        Assert.Equal(Losses(one), Losses(ranks[0]), (a, b) => Math.Abs(a - b) < 1.5e-4);
    }

    [Theory]
    [MemberData(nameof(MpiJob.Launchers), MemberType = typeof(MpiJob))]
    public async Task FourRanks_OverMpi_EqualAccumulationWithinRounding(string launcher)
    {
        var ranks = await Train(launcher, 4, _model.Arguments(1, "ranks"));
        TrainingJob.Run(new LocalCollective(), _model.Config, _model.Arguments(4, "one"));
        Assert.Single(ranks.Select(rank => (string)rank["hash"]!).Distinct());
        Assert.InRange(RankModel.Difference(_model["one"], _model["ranks"]), 0, 1e-6);
    }

    [Theory]
    [InlineData("""{ "accumulation_normalization": "micro_batch_means", "loss": "pad" }""")]
    [InlineData("""{ "bf16": true }""")]
    [InlineData("""{ "freeze": ["encoder.*"] }""")]
    public void TwoRanks_OverThreads_EqualAccumulationToTheBit(string more)
    {
        var ranks = ThreadRanks.Run(2, collective => TrainingJob.Run(collective, _model.Config, _model.Arguments(1, "ranks", more)));
        var one = TrainingJob.Run(new LocalCollective(), _model.Config, _model.Arguments(2, "one", more));
        Assert.All(ranks, rank => Assert.Equal((string)one["hash"]!, (string)rank["hash"]!));
        Assert.NotEqual(0, (int)ranks[0]["overlapped"]!);
    }

    [Fact]
    public void Checkpointing_OverThreads_ChangesNoBit()
    {
        var ranks = ThreadRanks.Run(2, collective => TrainingJob.Run(collective, _model.Config, _model.Arguments(1, "ranks", """{ "gradient_checkpointing": true }""")));
        var one = TrainingJob.Run(new LocalCollective(), _model.Config, _model.Arguments(2, "one"));
        Assert.All(ranks, rank => Assert.Equal((string)one["hash"]!, (string)rank["hash"]!));
        Assert.NotEqual(0, (int)ranks[0]["overlapped"]!);
    }

    [Fact]
    public void CompressedGradients_OverThreads_StayNearAndTheSameOnAllRanks()
    {
        var ranks = ThreadRanks.Run(2, collective => TrainingJob.Run(collective, _model.Config, _model.Arguments(1, "ranks", """{ "gradient_compression": "bf16" }""")));
        var one = TrainingJob.Run(new LocalCollective(), _model.Config, _model.Arguments(2, "one"));
        Assert.Single(ranks.Select(rank => (string)rank["hash"]!).Distinct());
        Assert.NotEqual((string)one["hash"]!, (string)ranks[0]["hash"]!);
        Assert.InRange(RankModel.Difference(_model["one"], _model["ranks"]), 0, 2e-2);
    }

    [Fact]
    public void RankThatLeftTheOthers_IsFoundWhenSaving()
    {
        var arguments = _model.Arguments(1, "ranks", """{ "save_strategy": "steps", "save_steps": 10 }""");
        var error = Assert.Throws<InvalidOperationException>(() => ThreadRanks.Run(2, ranks => TrainingJob.Run(ranks.Rank == 0 ? ranks : new Drifting(ranks), _model.Config, arguments)));
        Assert.Contains("step 10: the weights of rank 1 are not those of rank 0", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_model["ranks"], "checkpoint-10")));
    }

    private async Task<IReadOnlyList<JsonObject>> Train(string launcher, int world, JsonObject arguments)
    {
        var job = await MpiJob.RunAsync(launcher, world, "train", _model.Config, arguments.ToJsonString());
        Assert.True(job.ExitCode == 0, job.Error);
        Assert.Equal(world, job.Ranks.Count);
        return job.Ranks;
    }

    private static IEnumerable<double> Losses(JsonObject run) => run["log"]!.AsArray().Where(row => row!["loss"] is not null).Select(row => (double)row!["loss"]!);

    /// <summary>A rank with a faulty library: a bit of each sum is another.</summary>
    private sealed unsafe class Drifting(ICollective ranks) : ICollective
    {
        public int Rank => ranks.Rank;

        public int WorldSize => ranks.WorldSize;

        public int LocalRank => ranks.LocalRank;

        public string Description => ranks.Description;

        public Task SumAsync(CollectiveBuffer buffer) => ranks.SumAsync(buffer).ContinueWith(_ => *(int*)buffer.Address ^= 1 << 20, TaskScheduler.Default);

        public void Broadcast(CollectiveBuffer buffer) => ranks.Broadcast(buffer);

        public void Broadcast(Span<byte> data) => ranks.Broadcast(data);

        public void AllGather(ReadOnlySpan<byte> mine, Span<byte> all) => ranks.AllGather(mine, all);

        public void Barrier() => ranks.Barrier();

        public void Abort(int exitCode) => ranks.Abort(exitCode);

        public void Dispose() => ranks.Dispose();
    }
}
