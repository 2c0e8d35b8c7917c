using System.Text.Json.Nodes;
using Sightline.Tests;
using Xunit;

namespace Sightline.Training.Cli.Tests;

/// <summary>What can be wrong with a run: one line that names it, exit code 1; 2 where the command line itself is wrong.</summary>
public sealed class BadRunTests : IDisposable
{
    private readonly ShapesRun _run = new();

    public void Dispose() => _run.Dispose();

    [Theory]
    [InlineData("data", """{ "train": "shapes/annotations/nothing.json" }""", "nothing.json")]
    [InlineData("data", """{ "validation": "x.json", "cache": 5, "missing_images": "maybe", "colour": 1 }""", "4 problems: data: train is missing; a caption file was expected; data.missing_images is \"maybe\"; fail, skip was expected; data.cache is 5; a text was expected; data.colour is not known")]
    [InlineData("data", """{ "train": "empty.json", "train_images": "shapes/train" }""", "no caption is left")]
    [InlineData("data", """{ "train": "shapes/annotations/train.json", "train_images": "shapes/val" }""", "is not in")]
    [InlineData("model", """{ "checkpoint": "nowhere" }""", "nowhere: no such folder")]
    [InlineData("model", """{ "checkpoint": "foreign" }""", "model_type is 'bert'")]
    [InlineData("model", """{ "checkpoint": "a", "encoder": "b" }""", "one of checkpoint, encoder with decoder, or config")]
    [InlineData("model", """{ "config": {}, "vocabulary_size": "many" }""", "model.vocabulary_size is \"many\"")]
    [InlineData("training", """{ "learning_rat": 1 }""", "did you mean learning_rate")]
    [InlineData("training", """{ "learning_rate": "fast", "max_steps": 1.5 }""", "2 problems: learning_rate is \"fast\"; a number was expected; max_steps is 1.5")]
    [InlineData("training", """{ "label_max_length": 512 }""", "the decoder has 64 positions")]
    [InlineData("training", """{ "max_steps": 0, "warmup_ratio": 2 }""", "2 problems")]
    [InlineData("preset", "\"imagenet\"", "preset 'imagenet' is not known; vizwiz was expected")]
    [InlineData("epochs", "3", "run.epochs is not known")]
    public async Task Run_FaultyFile_NamesTheFault(string section, string json, string words)
    {
        File.WriteAllText(_run["empty.json"], """{"images":[{"id":1,"file_name":"Shapes_train_00000000.png"}],"annotations":[]}""");
        Directory.CreateDirectory(_run["foreign"]);
        File.WriteAllText(_run["foreign/config.json"], """{ "model_type": "bert" }""");
        _run.Write(run => run[section] = JsonNode.Parse(json));
        await Fails(1, words, "run", _run.File, "--output_dir", _run["out"]);
        Assert.False(Directory.Exists(_run["out"]));
    }

    [Theory]
    [InlineData("--learning_rate is 'fast'; a number was expected", "--learning_rate", "fast")]
    [InlineData("--bf is not an argument (did you mean bf16?)", "--bf", "true")]
    [InlineData("--examples goes with --dry-run", "--examples", "5")]
    [InlineData("'more' was not expected here", "more")]
    public async Task Run_FaultyCommandLine_IsWrongUsage(string words, params string[] arguments) =>
        await Fails(2, words, ["run", _run.File, "--output_dir", _run["out"], .. arguments]);

    [Fact]
    public async Task Run_NoFolderForResults_IsWrongUsage() => await Fails(2, "--output_dir is missing", "run", _run.File);

    [Fact]
    public async Task Run_NothingToResumeFrom_SaysSo()
    {
        await Fails(1, "no checkpoint to resume from", "run", _run.File, "--output_dir", _run["out"], "--resume_from_checkpoint");
        await Fails(1, "nowhere: no such checkpoint", "run", _run.File, "--output_dir", _run["out"], "--resume_from_checkpoint", "nowhere");
        Assert.False(Directory.Exists(_run["out"]));
    }

    [Fact]
    public async Task Run_FolderForResultsCannotBeMade_SaysSo()
    {
        await Fails(1, $"output_dir {_run.File}: cannot be used as a folder", "run", _run.File, "--output_dir", _run.File);
        await Fails(1, $"output_dir {_run.File}/out: cannot be used as a folder", "run", _run.File, "--output_dir", _run.File + "/out");
    }

    [Fact]
    public async Task Run_Help_NamesTheChoicesOfEveryArgument()
    {
        var (exitCode, output, _) = await TrainCommand.RunAsync("run", "--help");
        Assert.Equal(0, exitCode);
        Assert.Contains("linear, cosine, cosine_with_restarts, polynomial, constant, constant_with_warmup; default linear.", string.Join(' ', output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.All(TrainingArguments.Names, name => Assert.Contains($"--{name} ", output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_CheckpointOfAnotherArchitecture_IsRefused()
    {
        var foreign = Fixture.Path("training", "hf_output", "checkpoint-25");
        await Fails(1, "checkpoint-25", "run", _run.File, "--output_dir", _run["out"], "--resume_from_checkpoint", foreign);
        Assert.False(File.Exists(Path.Combine(_run["out"], "pytorch_model.bin")));
    }

    [Fact]
    public async Task Run_FolderWithCheckpoints_IsNotOverwritten()
    {
        var checkpoint = Path.Combine(_run["out"], "checkpoint-7");
        Directory.CreateDirectory(checkpoint);
        File.WriteAllText(Path.Combine(checkpoint, "trainer_state.json"), "{}");
        await Fails(1, "holds checkpoints of an earlier run (checkpoint-7)", "run", _run.File, "--output_dir", _run["out"]);
    }

    [Fact]
    public async Task Run_CorruptPicture_IsNamedOrSkipped()
    {
        var picture = Directory.EnumerateFiles(Path.Combine(_run["shapes"], "train")).Order(StringComparer.Ordinal).First();
        File.WriteAllBytes(picture, [1, 2, 3]);
        _run.Write(run => run["data"]!["cache"] = "cache");
        await Fails(1, Path.GetFileName(picture), "run", _run.File, "--output_dir", _run["out"]);
        _run.Write(run => run["data"]!["corrupt_images"] = "skip");
        var (exitCode, output, error) = await TrainCommand.RunAsync("run", _run.File, "--output_dir", _run["out"], "--max_steps", "1");
        Assert.True(exitCode == 0, error);
        Assert.Contains("Data train: 11 pictures, 55 captions.", output, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(picture), output, StringComparison.Ordinal);
    }

    private static async Task Fails(int expected, string words, params string[] arguments)
    {
        var (exitCode, _, error) = await TrainCommand.RunAsync(arguments);
        Assert.Equal(expected, exitCode);
        var line = Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("sightline-train: ", line, StringComparison.Ordinal);
        Assert.Contains(words, line, StringComparison.Ordinal);
        Assert.DoesNotContain("unexpected error", line, StringComparison.Ordinal);
    }
}
