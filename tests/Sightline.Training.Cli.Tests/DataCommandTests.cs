using System.Text.Json.Nodes;
using Xunit;

namespace Sightline.Training.Cli.Tests;

public sealed class DataCommandTests : IDisposable
{
    private readonly ShapesRun _run = new();

    public void Dispose() => _run.Dispose();

    [Fact]
    public async Task Stats_TwoSplits_CountsThem()
    {
        var (exitCode, output, error) = await TrainCommand.RunAsync("data", "stats", _run["shapes/annotations/train.json"], _run["shapes/annotations/val.json"], "--images", _run["shapes"], "--json");
        Assert.True(exitCode == 0, error);
        var result = JsonNode.Parse(output)!;
        Assert.Equal("words", result["length_unit"]!.GetValue<string>());
        Assert.Equal(["train 12 60 0", "val 4 20 0"], result["splits"]!.AsArray().Select(split => $"{split!["name"]} {split["images"]} {split["captions"]} {split["skipped_images"]}"));
        Assert.Empty(result["images_in_several_splits"]!.AsArray());
    }

    [Fact]
    public async Task Stats_SamePicturesTwice_SaysSo()
    {
        Directory.CreateDirectory(_run["copy"]);
        File.Copy(_run["shapes/annotations/train.json"], _run["copy/train.json"]);
        var (exitCode, output, error) = await TrainCommand.RunAsync("data", "stats", _run["shapes/annotations/train.json"], _run["copy/train.json"], "--tokenizer", Sightline.Tests.Fixture.Path("tokenizer"));
        Assert.True(exitCode == 0, error);
        Assert.DoesNotContain("No tokenizer", output, StringComparison.Ordinal);
        Assert.Contains("12 pictures are in more than one split by name", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Demo_SameSeed_GivesTheSameFiles()
    {
        foreach (var name in new[] { "a", "b" })
        {
            var (exitCode, _, error) = await TrainCommand.RunAsync("data", "demo", _run[name], "--size", "16", "--train", "3", "--val", "1", "--heldout", "1", "--seed", "5");
            Assert.True(exitCode == 0, error);
        }

        var files = Directory.EnumerateFiles(_run["a"], "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(_run["a"], path)).ToList();
        Assert.Equal(8, files.Count);
        Assert.All(files, file => Assert.Equal(File.ReadAllBytes(Path.Combine(_run["a"], file)), File.ReadAllBytes(Path.Combine(_run["b"], file))));
    }
}
