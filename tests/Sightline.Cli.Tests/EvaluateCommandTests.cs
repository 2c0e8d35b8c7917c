using System.Text.Json.Nodes;
using Sightline.Tests;
using Xunit;

namespace Sightline.Cli.Tests;

public sealed class EvaluateCommandTests
{
    private static readonly string s_model = Fixture.Path("checkpoints", "t-base");
    private static readonly string s_images = Fixture.Path("images", "shapes");

    [Fact]
    public async Task Evaluate_SixPictures_WritesTheCaptionsOfTheCommandAndScoresThem()
    {
        using var folder = new TemporaryFolder();
        var data = Annotations(folder);
        var output = folder.At("results.json");
        var result = await Command.RunAsync("evaluate", "--model", s_model, "--data", data, "--images", s_images, "--out", output, "--batch", "4", "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Empty(result.Error);
        Assert.False(File.Exists(Partial(output)));

        var captions = await Command.RunAsync(["caption", .. Enumerable.Range(0, 6).Select(i => Path.Combine(s_images, $"shape{i}.png")), "--model", s_model, "--batch", "4"]);
        var results = JsonNode.Parse(await File.ReadAllTextAsync(output, TestContext.Current.CancellationToken))!.AsArray();
        Assert.Equal(captions.Lines.Select((line, i) => $"{10 + i}\t{line.Split('\t')[1]}"), results.Select(each => $"{each!["image_id"]}\t{each["caption"]}"));
        Assert.True(results.Select(each => each!["caption"]!.GetValue<string>()).Distinct().Count() >= 3);

        var scores = await Command.RunAsync("score", output, data, "--json");
        Assert.Equal(scores.Output, result.Output);
        Assert.Equal(6, Assert.Single(result.Json)["images"]!.AsArray().Count);
    }

    [Fact]
    public async Task Evaluate_Interrupted_ContinuesWithoutDoingPicturesAgain()
    {
        using var folder = new TemporaryFolder();
        var data = Annotations(folder);
        var (whole, output) = (folder.At("whole.json"), folder.At("results.json"));
        string[] arguments = ["evaluate", "--model", s_model, "--data", data, "--images", s_images, "--batch", "1", "--out"];

        // A picture that is missing leaves a partial file, as an interruption does; what is in it is kept word for word.
        var broken = folder.At("pictures");
        Directory.CreateDirectory(broken);
        for (var i = 0; i < 3; i++)
            File.Copy(Path.Combine(s_images, $"shape{i}.png"), Path.Combine(broken, $"shape{i}.png"));
        var first = await Command.RunAsync("evaluate", "--model", s_model, "--data", data, "--images", broken, "--batch", "1", "--out", output);
        Assert.Equal(1, first.ExitCode);
        Assert.Equal(3, first.ErrorLines.Count(line => line.EndsWith("no such file.", StringComparison.Ordinal)));
        Assert.Contains("Pictures scored: 3", first.Lines);
        Assert.Contains("Missing in the results: 3", first.Lines);
        var lines = await File.ReadAllLinesAsync(Partial(output), TestContext.Current.CancellationToken);
        Assert.Equal(4, lines.Length);

        // The end of a run cut the last line, and the caption before it shows that it is not made anew.
        lines[2] = """{"image_id":11,"caption":"kept from before"}""";
        await File.WriteAllTextAsync(Partial(output), string.Join('\n', lines)[..^5], TestContext.Current.CancellationToken);
        var second = await Command.RunAsync([.. arguments, output]);
        Assert.True(second.ExitCode == 0, second.Error);
        Assert.Contains("2 of 6 pictures were captioned by an earlier run", Assert.Single(second.ErrorLines), StringComparison.Ordinal);
        Assert.False(File.Exists(Partial(output)));

        Assert.Equal(0, (await Command.RunAsync([.. arguments, whole])).ExitCode);
        var expected = JsonNode.Parse(await File.ReadAllTextAsync(whole, TestContext.Current.CancellationToken))!;
        Assert.NotEqual("kept from before", expected[1]!["caption"]!.GetValue<string>());
        expected[1]!["caption"] = "kept from before";
        Assert.Equal(expected.ToJsonString(), JsonNode.Parse(await File.ReadAllTextAsync(output, TestContext.Current.CancellationToken))!.ToJsonString());
    }

    [Fact]
    public async Task Evaluate_KilledRun_LeavesWholeLinesAndContinues()
    {
        using var folder = new TemporaryFolder();
        var data = Annotations(folder, copies: 100);
        var output = folder.At("results.json");
        string[] arguments = ["evaluate", "--model", s_model, "--data", data, "--images", s_images, "--batch", "1", "--out", output];
        using (var process = Command.Start(arguments))
        {
            while (!process.HasExited && (!File.Exists(Partial(output)) || new FileInfo(Partial(output)).Length < 500))
                await Task.Delay(5, TestContext.Current.CancellationToken);
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Assert.True(File.Exists(Partial(output)), "the run ended before it could be stopped");
        var made = (await File.ReadAllTextAsync(Partial(output), TestContext.Current.CancellationToken)).Count(c => c == '\n') - 1;
        Assert.InRange(made, 1, 599);
        var result = await Command.RunAsync(arguments);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains($"{made} of 600 pictures", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        var results = JsonNode.Parse(await File.ReadAllTextAsync(output, TestContext.Current.CancellationToken))!.AsArray();
        Assert.Equal(Enumerable.Range(10, 600), results.Select(each => each!["image_id"]!.GetValue<int>()));
    }

    [Fact]
    public async Task Evaluate_PartialFileOfOtherSettingsOrDamaged_IsRefused()
    {
        using var folder = new TemporaryFolder();
        var data = Annotations(folder);
        var output = folder.At("results.json");
        string[] arguments = ["evaluate", "--model", s_model, "--data", data, "--images", s_images, "--out", output];
        await File.WriteAllTextAsync(Partial(output), "{\"settings\":\"other\"}\n", TestContext.Current.CancellationToken);
        var other = await Command.RunAsync(arguments);
        Assert.Equal(1, other.ExitCode);
        Assert.Contains("begun with another model or other settings", Assert.Single(other.ErrorLines), StringComparison.Ordinal);
        await File.WriteAllTextAsync(Partial(output), "hello\n", TestContext.Current.CancellationToken);
        var damaged = await Command.RunAsync(arguments);
        Assert.Equal(1, damaged.ExitCode);
        Assert.Contains("line 1 is damaged", Assert.Single(damaged.ErrorLines), StringComparison.Ordinal);
        Assert.False(File.Exists(output));
    }

    [Theory]
    [InlineData("""{"images":[{"id":1}],"annotations":[{"image_id":1,"caption":"x"}]}""", "no file name")]
    [InlineData("""{"images":[{"id":1,"file_name":"../shape0.png"}],"annotations":[{"image_id":1,"caption":"x"}]}""", "outside")]
    [InlineData("""{"images":[{"id":1,"file_name":"none.png"}],"annotations":[{"image_id":1,"caption":"x"}]}""", "no picture could be captioned")]
    [InlineData("[]", "not an annotation file")]
    public async Task Evaluate_BadSet_SaysWhatIsWrong(string annotations, string expected)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.At("a.json"), annotations, TestContext.Current.CancellationToken);
        var result = await Command.RunAsync("evaluate", "--model", s_model, "--data", folder.At("a.json"), "--images", s_images);
        Assert.Equal(1, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Contains(expected, result.ErrorLines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evaluate_MissingOption_IsWrongUsage()
    {
        var result = await Command.RunAsync("evaluate", "--model", s_model);
        Assert.Equal(2, result.ExitCode);
        Assert.Empty(result.Output);
    }

    private static string Partial(string output) => output + ".partial.jsonl";

    // The six shapes, as often as asked for, with two references each; ids from 10 on.
    private static string Annotations(TemporaryFolder folder, int copies = 1)
    {
        var ids = Enumerable.Range(0, 6 * copies).ToList();
        var set = new JsonObject
        {
            ["images"] = new JsonArray([.. ids.Select(i => (JsonNode)new JsonObject { ["id"] = 10 + i, ["file_name"] = $"shape{i % 6}.png" })]),
            ["annotations"] = new JsonArray([.. ids.SelectMany(i => new[] { $"a green circle number {i}", "a yellow triangle on white" }
                .Select(text => (JsonNode)new JsonObject { ["image_id"] = 10 + i, ["caption"] = text }))]),
        };
        File.WriteAllText(folder.At("annotations.json"), set.ToJsonString());
        return folder.At("annotations.json");
    }
}
