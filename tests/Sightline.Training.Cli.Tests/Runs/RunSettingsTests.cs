using System.Text.Json.Nodes;
using Sightline.Training.Cli.Runs;
using Xunit;

namespace Sightline.Training.Cli.Tests.Runs;

public sealed class RunSettingsTests
{
    [Fact]
    public void Merge_EveryLayer_TheNearerWins()
    {
        var file = new RunFile { Source = "run.json", Preset = "vizwiz", Training = new JsonObject { ["seed"] = 1, ["eval_steps"] = 10, ["output_dir"] = "from-file" } };
        var merged = RunSettings.Merge(file, preset: null, [("seed", "2")]).Arguments;
        Assert.Equal(2, merged.Seed); // command line
        Assert.Equal(10, merged.EvalSteps); // file
        Assert.Equal(LossKind.Pad, merged.Loss); // preset
        Assert.Equal(0.9, merged.AdamBeta1); // default
        Assert.Equal(LossKind.Masked, RunSettings.Merge(file with { Preset = null }, null, []).Arguments.Loss);
        Assert.Equal(LossKind.Pad, RunSettings.Merge(file with { Preset = null }, "vizwiz", []).Arguments.Loss);
    }

    [Fact]
    public void Merge_SavedAndReadAgain_IsTheSame()
    {
        using var run = new ShapesRun();
        run.Write(json => (json["preset"], json["data"]!["precanned"], json["data"]!["shuffle"]) = ("vizwiz", "exclude", "torch113"));
        var once = RunSettings.Merge(RunFile.Read(run.File), null, [("output_dir", run["out"]), ("freeze", "encoder.*,decoder.lm_head*")]).ToJson();
        Assert.Equal(Path.GetFullPath(run["shapes/annotations/train.json"]), once["data"]!["train"]!.GetValue<string>());
        IO.JsonFile.WriteObject(run["again.json"], once);
        Assert.True(JsonNode.DeepEquals(once, RunSettings.Merge(RunFile.Read(run["again.json"]), null, []).ToJson()));
    }
}
