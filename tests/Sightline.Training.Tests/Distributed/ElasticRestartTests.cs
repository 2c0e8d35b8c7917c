using System.Text.Json.Nodes;
using Sightline.Training.Checkpointing;
using Sightline.Training.Distributed;
using Sightline.Training.Ranks;

namespace Sightline.Training.Tests.Distributed;

/// <summary>Runs that go on from a checkpoint, with as many ranks or with others.</summary>
public sealed class ElasticRestartTests : IDisposable
{
    private readonly RankModel _model = new();

    public void Dispose() => _model.Dispose();

    [Fact]
    public async Task TwoRanks_ResumedOverMpi_GiveTheBitsOfAStraightRun()
    {
        var arguments = _model.Arguments(2, "ranks", """{ "save_strategy": "steps", "save_steps": 5 }""");
        var straight = await MpiJob.RunAsync(MpiJob.OpenMpi, 2, "train", _model.Config, arguments.ToJsonString());
        Assert.True(straight.ExitCode == 0, straight.Error);
        var checkpoint = Path.Combine(_model["ranks"], "checkpoint-5");
        foreach (var file in new[] { "pytorch_model.bin", "optimizer.pt", "scheduler.pt", "trainer_state.json", "training_args.bin", "rng_state_0.pth", "rng_state_1.pth" })
            Assert.True(File.Exists(Path.Combine(checkpoint, file)), file);
        var resumed = await MpiJob.RunAsync(MpiJob.OpenMpi, 2, "train", _model.Config, arguments.ToJsonString(), checkpoint);
        Assert.True(resumed.ExitCode == 0, resumed.Error);
        Assert.Equal((10, (string)straight.Ranks[0]["hash"]!), ((int)resumed.Ranks[1]["steps"]!, (string)resumed.Ranks[1]["hash"]!));
        Assert.True(JsonNode.DeepEquals(Logged(straight.Ranks[0]), Logged(resumed.Ranks[0])));
    }

    [Fact]
    public void TwoThenFourThenOne_SameGlobalBatch_LearnsTheSame()
    {
        JsonObject Arguments(int accumulation, string output, int saveSteps) => _model.Arguments(accumulation, output, $$"""{ "max_steps": 15, "lr_scheduler_type": "linear", "save_strategy": "steps", "save_steps": {{saveSteps}} }""");
        var straight = TrainingJob.Run(new LocalCollective(), _model.Config, Arguments(4, "straight", 15));
        Train(2, Arguments(2, "two", 4), null);
        Train(4, Arguments(1, "four", 8), Path.Combine(_model["two"], "checkpoint-4"));
        var one = Train(1, Arguments(4, "one", 15), Path.Combine(_model["four"], "checkpoint-8"))[0];
        Assert.Equal((15, 15, (double)straight["epoch"]!), ((int)one["steps"]!, (int)one["max_steps"]!, (double)one["epoch"]!));
        Assert.InRange(RankModel.Difference(_model["straight"], _model["one"]), 0, 2e-6);
    }

    [Fact]
    public void TwoThenFourThenOne_ByEpochs_DoesTheRestOfTheEpochs()
    {
        JsonObject Arguments(string output, int saveSteps) => _model.Arguments(1, output, $$"""{ "max_steps": -1, "num_train_epochs": 3, "save_strategy": "steps", "save_steps": {{saveSteps}} }""");
        var two = Train(2, Arguments("two", 6), null)[0]; // 12 updates an epoch
        var four = Train(4, Arguments("four", 12), Path.Combine(_model["two"], "checkpoint-6"))[3]; // 6
        var one = Train(1, Arguments("one", 100), Path.Combine(_model["four"], "checkpoint-12"))[0]; // 24
        Assert.Equal((36, 36, 3.0), Ends(two));
        Assert.Equal((21, 21, 3.0), Ends(four));
        Assert.Equal((48, 48, 3.0), Ends(one));
        // After half an epoch with two ranks and one with four.
        var state = TrainerState.Load(Path.Combine(_model["four"], "checkpoint-12"));
        Assert.Equal(1.5, state.Epoch);
        Assert.Equal(4, RandomStateFile.CountRanks(Path.Combine(_model["four"], "checkpoint-12")));

        // The rate falls on without a jump, and to 0.
        var rates = one["log"]!.AsArray().Where(row => row!["learning_rate"] is not null).Select(row => (double)row!["learning_rate"]!).ToList();
        Assert.Equal(rates.OrderDescending(), rates);
        Assert.InRange(rates[^1], 0, 1e-3 * 4 / 72);
    }

    private JsonObject[] Train(int world, JsonObject arguments, string? resumeFrom) => ThreadRanks.Run(world, ranks => TrainingJob.Run(ranks, _model.Config, arguments, resumeFrom));

    private static (int, int, double) Ends(JsonObject run) => ((int)run["steps"]!, (int)run["max_steps"]!, (double)run["epoch"]!);

    private static JsonArray Logged(JsonObject run) => [.. run["log"]!.AsArray().Where(row => row!["loss"] is not null).Select(row => row!.DeepClone())];
}
