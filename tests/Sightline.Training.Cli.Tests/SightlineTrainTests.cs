using System.Text.Json.Nodes;
using Sightline.IO;
using Sightline.Tests;
using Xunit;

namespace Sightline.Training.Cli.Tests;

public sealed class SightlineTrainTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task DryRun_TheCardsPreset_GivesTheCardsSchedule()
    {
        var (exitCode, output, _) = await TrainCommand.RunAsync("run", "--preset", "vizwiz", "--dry-run", "--examples", "117155");
        Assert.Equal(0, exitCode);
        foreach (var part in new[] { "14645 steps an epoch, 43935 steps in all", "43 evaluations", "at epochs 0.07 0.14", "2.87 2.94", "182486016" })
            Assert.Contains(part, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_TinyModel_LearnsSavesAndCaptions()
    {
        var (made, _, makeError) = await TrainCommand.RunAsync("data", "demo", _folder["shapes"], "--size", "32", "--train", "24", "--val", "8", "--heldout", "4");
        Assert.True(made == 0, makeError);
        WriteRun("run.json", """{ "config": { "encoder": { "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64, "image_size": 32, "patch_size": 8 }, "decoder": { "n_embd": 32, "n_layer": 1, "n_head": 2, "n_positions": 64 } }, "vocabulary_size": 300 }""");
        var (exitCode, output, error) = await TrainCommand.RunAsync("run", _folder["run.json"], "--output_dir", _folder["out"], "--max_steps", "12", "--logging_steps", "4", "--evaluation_strategy", "steps", "--eval_steps", "6", "--save_steps", "6", "--threads", "1");
        Assert.True(exitCode == 0, error);
        Assert.Contains("different captions", output, StringComparison.Ordinal);
        foreach (var file in new[] { "config.json", "README.md", "HONEST_CARD.md", "loss.svg", "all_results.json", "trainer_state.json", "run.json", "checkpoint-6", "checkpoint-12", "runs" })
            Assert.Contains(file, _folder.Names.Contains("out") ? Directory.EnumerateFileSystemEntries(_folder["out"]).Select(Path.GetFileName) : []);
        Assert.Contains("| per token (padding left out) |", File.ReadAllText(Path.Combine(_folder["out"], "HONEST_CARD.md")), StringComparison.Ordinal);
        Assert.NotEmpty(Directory.EnumerateFiles(Path.Combine(_folder["out"], "runs"), "events.out.tfevents.*", SearchOption.AllDirectories));
        using var captioner = Captioner.Load(_folder["out"]);
        Assert.NotEmpty(captioner.Describe(Directory.EnumerateFiles(_folder["shapes"], "*.png", SearchOption.AllDirectories).First()).Tokens);

        // The first half again, then resumed: the same weights to the byte.
        var (_, _, firstError) = await TrainCommand.RunAsync("run", _folder["run.json"], "--output_dir", _folder["again"], "--max_steps", "12", "--logging_steps", "4", "--evaluation_strategy", "steps", "--eval_steps", "6", "--save_steps", "6", "--threads", "1");
        Directory.Delete(Path.Combine(_folder["again"], "checkpoint-12"), recursive: true);
        File.Delete(Path.Combine(_folder["again"], "pytorch_model.bin"));
        var (resumed, _, resumeError) = await TrainCommand.RunAsync("run", _folder["run.json"], "--output_dir", _folder["again"], "--max_steps", "12", "--logging_steps", "4", "--evaluation_strategy", "steps", "--eval_steps", "6", "--save_steps", "6", "--threads", "1", "--resume_from_checkpoint");
        Assert.True(resumed == 0, firstError + resumeError);
        Assert.Equal(File.ReadAllBytes(Path.Combine(_folder["out"], "pytorch_model.bin")), File.ReadAllBytes(Path.Combine(_folder["again"], "pytorch_model.bin")));
    }

    [Fact]
    public async Task Demo_AMoment_WritesEverythingAndTwiceTheSame()
    {
        foreach (var name in new[] { "one", "two" })
        {
            var (exitCode, output, error) = await TrainCommand.RunAsync("demo", "--out", _folder[name], "--minutes", "0.02");
            Assert.True(exitCode == 0, error);
            Assert.Contains("True captions, judged by rule:", output, StringComparison.Ordinal);
        }

        foreach (var file in new[] { "index.html", "loss.svg", "results.json", "model/README.md", "model/model.safetensors", "model/vocab.json" })
            Assert.True(File.Exists(Path.Combine(_folder["one"], file)), file);
        Assert.Equal(File.ReadAllBytes(Path.Combine(_folder["one"], "model", "model.safetensors")), File.ReadAllBytes(Path.Combine(_folder["two"], "model", "model.safetensors")));
        var results = JsonFile.ReadObject(Path.Combine(_folder["one"], "results.json"));
        Assert.Equal(1000, results["captions"]!.AsArray().Count);
        Assert.Contains("alt=", File.ReadAllText(Path.Combine(_folder["one"], "index.html")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_TrainingFixtures_Pass()
    {
        var (exitCode, output, _) = await TrainCommand.RunAsync("verify", Fixture.Root);
        Assert.True(exitCode == 0, output);
        Assert.Contains("pass\ttraining/adam-warmup0-pad.json", output, StringComparison.Ordinal);
        Assert.Contains(" 0 fail,", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "run", "--no-such-argument", "1")]
    [InlineData(1, "run", "nothing.json", "--output_dir", "x")]
    [InlineData(1, "data", "stats", "nothing.json")]
    [InlineData(1, "demo", "--minutes", "-1")]
    [InlineData(2, "dance")]
    public async Task AnyVerb_BadInput_GivesOneLine(int expected, params string[] arguments)
    {
        var (exitCode, _, error) = await TrainCommand.RunAsync(arguments);
        Assert.Equal(expected, exitCode);
        Assert.StartsWith("sightline-train: ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AnnotationsWithUnknownImage_SaysSo()
    {
        Directory.CreateDirectory(_folder["shapes"]);
        Directory.CreateDirectory(Path.Combine(_folder["shapes"], "annotations"));
        Directory.CreateDirectory(Path.Combine(_folder["shapes"], "train"));
        File.WriteAllText(Path.Combine(_folder["shapes"], "annotations", "train.json"), """{"images":[{"id":1,"file_name":"a.png"}],"annotations":[{"id":1,"image_id":2,"caption":"x"}]}""");
        WriteRun("run.json", """{ "config": { "encoder": {}, "decoder": {} }, "vocabulary_size": 300 }""", validation: false);
        var (exitCode, _, error) = await TrainCommand.RunAsync("run", _folder["run.json"], "--output_dir", _folder["out"]);
        Assert.Equal(1, exitCode);
        Assert.Contains("image_id 2", error, StringComparison.Ordinal);
    }

    private void WriteRun(string name, string model, bool validation = true)
    {
        var data = new JsonObject { ["train"] = Path.Combine(_folder["shapes"], "annotations", "train.json"), ["train_images"] = Path.Combine(_folder["shapes"], "train") };
        if (validation)
            (data["validation"], data["validation_images"]) = (Path.Combine(_folder["shapes"], "annotations", "val.json"), Path.Combine(_folder["shapes"], "val"));
        JsonFile.WriteObject(_folder[name], new JsonObject { ["data"] = data, ["model"] = JsonNode.Parse(model) });
    }
}
