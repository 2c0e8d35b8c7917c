using Sightline.Tests;
using Xunit;

namespace Sightline.Cli.Tests.Sharding;

public sealed class ShardedCaptionTests
{
    private static readonly string s_model = Fixture.Path("checkpoints", "t-base");
    private static readonly string s_shapes = Fixture.Path("images", "shapes");

    [Fact]
    public async Task Caption_ThreeParts_MergeToWhatTheCommandPrints()
    {
        using var folder = new TemporaryFolder();
        var output = folder.At("out");
        for (var i = 0; i < 3; i++)
        {
            var result = await Command.RunAsync("caption", s_shapes, "--model", s_model, "--out", output, "--shard", $"{i}/3", "--beams", "2");
            Assert.True(result.ExitCode == 0, result.Error);
            Assert.Empty(result.Output);
            Assert.Contains($"part {i}/3: 2 pictures done, 0 of them with an error", result.ErrorLines[^1], StringComparison.Ordinal);
        }

        var merged = await Command.RunAsync("merge", output);
        Assert.True(merged.ExitCode == 0, merged.Error);
        var plain = await Command.RunAsync("caption", s_shapes, "--model", s_model, "--beams", "2");
        Assert.Equal(plain.Lines.Select(line => $"{Path.GetFileName(line.Split('\t')[0])}\t{line.Split('\t')[1]}"), merged.Json.Select(line => $"{line["id"]}\t{line["text"]}"));
        Assert.All(merged.Json, line => Assert.Equal(["id", "text", "score"], line.Select(pair => pair.Key)));

        var file = await Command.RunAsync("merge", output, "--out", folder.At("all.jsonl"));
        Assert.Equal(0, file.ExitCode);
        Assert.Equal(merged.Output, await File.ReadAllTextAsync(folder.At("all.jsonl"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Caption_SchedulersVariables_ChooseThePart()
    {
        using var folder = new TemporaryFolder();
        var output = folder.At("out");
        var first = await Command.FinishAsync(Command.Start(
            ["caption", s_shapes, "--model", s_model, "--out", output], environment: new Dictionary<string, string?> { ["OMPI_COMM_WORLD_RANK"] = "1", ["OMPI_COMM_WORLD_SIZE"] = "2" }));
        Assert.Contains("part 1/2, as OMPI_COMM_WORLD_RANK says", first.ErrorLines[0], StringComparison.Ordinal);
        var second = await Command.FinishAsync(Command.Start(
            ["caption", s_shapes, "--model", s_model, "--out", output, "--shard", "auto/2"], environment: new Dictionary<string, string?> { ["JOB_COMPLETION_INDEX"] = "0" }));
        Assert.True(second.ExitCode == 0, second.Error);
        Assert.Equal(6, (await Command.RunAsync("merge", output)).Lines.Length);
    }

    [Fact]
    public async Task Caption_FinishedPart_IsNotMadeAgainAndGrowsByWhatIsNew()
    {
        using var folder = new TemporaryFolder();
        folder.Take("images/shapes", "in");
        string[] arguments = ["caption", folder.At("in"), "--model", s_model, "--out", folder.At("out")];
        Assert.Equal(0, (await Command.RunAsync(arguments)).ExitCode);

        // A result that no model gives shows what is kept.
        var results = folder.At("out", "captions-00000-of-00001.jsonl");
        var lines = await File.ReadAllLinesAsync(results, TestContext.Current.CancellationToken);
        lines[1] = """{"id":"shape1.png","text":"kept from before","score":0}""";
        await File.WriteAllTextAsync(results, string.Join('\n', lines) + "\n", TestContext.Current.CancellationToken);
        var again = await Command.RunAsync(arguments);
        Assert.Equal(0, again.ExitCode);
        Assert.Contains("6 pictures, all done by an earlier run", Assert.Single(again.ErrorLines), StringComparison.Ordinal);

        File.Copy(folder.At("in", "shape0.png"), folder.At("in", "a-new.png"));
        File.Delete(folder.At("in", "shape5.png"));
        await File.WriteAllTextAsync(folder.At("in", "shape2.png"), "damaged since, and not read again", TestContext.Current.CancellationToken);
        var grown = await Command.RunAsync(arguments);
        Assert.True(grown.ExitCode == 0, grown.Error);
        Assert.Contains("5 of 6 pictures were done by an earlier run", grown.ErrorLines[0], StringComparison.Ordinal);
        var merged = await Command.RunAsync("merge", folder.At("out"));
        Assert.Equal(["a-new.png", "shape0.png", "shape1.png", "shape2.png", "shape3.png", "shape4.png"], merged.Json.Select(line => line["id"]!.GetValue<string>()));
        Assert.Equal("kept from before", merged.Json[2]["text"]!.GetValue<string>());
        Assert.DoesNotContain(merged.Json, line => line.ContainsKey("error"));
        Assert.Equal(2, Directory.GetFiles(folder.At("out")).Length);
    }

    [Fact]
    public async Task Caption_PicturesWithErrors_AreResultsAndCanBeTriedAgain()
    {
        using var folder = new TemporaryFolder();
        folder.Take("images/shapes", "in");
        var good = await File.ReadAllBytesAsync(folder.At("in", "shape3.png"), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder.At("in", "shape3.png"), "not yet there", TestContext.Current.CancellationToken);
        string[] arguments = ["caption", folder.At("in"), "--model", s_model, "--out", folder.At("out")];
        var first = await Command.RunAsync(arguments);
        Assert.Equal(0, first.ExitCode);
        Assert.Contains("not a picture", first.ErrorLines[0], StringComparison.Ordinal);
        Assert.Contains("6 pictures done, 1 of them with an error", first.ErrorLines[^1], StringComparison.Ordinal);
        var merged = await Command.RunAsync("merge", folder.At("out"));
        Assert.Equal(0, merged.ExitCode);
        Assert.Equal("shape3.png", Assert.Single(merged.Json, line => line.ContainsKey("error"))["id"]!.GetValue<string>());

        await File.WriteAllBytesAsync(folder.At("in", "shape3.png"), good, TestContext.Current.CancellationToken);
        Assert.Contains("all done", (await Command.RunAsync(arguments)).Error, StringComparison.Ordinal);
        Assert.Contains("5 of 6", (await Command.RunAsync([.. arguments, "--retry-errors"])).Error, StringComparison.Ordinal);
        merged = await Command.RunAsync("merge", folder.At("out"));
        Assert.Equal(6, merged.Json.Count(line => line.ContainsKey("text")));
        Assert.Equal(Enumerable.Range(0, 6).Select(i => $"shape{i}.png"), merged.Json.Select(line => line["id"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Caption_OtherSettingsOrOtherNumberOfParts_IsRefused()
    {
        using var folder = new TemporaryFolder();
        string[] arguments = ["caption", s_shapes, "--model", s_model, "--out", folder.At("out")];
        Assert.Equal(0, (await Command.RunAsync([.. arguments, "--shard", "0/2"])).ExitCode);
        await Refused("holds results of 2 parts, this is one of 3", [.. arguments, "--shard", "0/3"]);
        await Refused("another model or other settings", [.. arguments, "--shard", "0/2", "--beams", "2"]);
        await Refused("1 of 2 parts are not finished: 1/2", ["merge", folder.At("out")]);
        Assert.Equal(0, (await Command.RunAsync([.. arguments, "--shard", "1/2", "--no-exif"])).ExitCode);
        await Refused("other settings than part 0: 1/2", ["merge", folder.At("out")]);
        await Refused("no such folder", ["merge", folder.At("nothing")]);
        Directory.CreateDirectory(folder.At("empty"));
        await Refused("holds no results", ["merge", folder.At("empty")]);
        await Refused("there are no pictures", ["caption", folder.At("list.jsonl"), "--model", s_model, "--out", folder.At("new")], () => File.WriteAllText(folder.At("list.jsonl"), "\n"));
    }

    [Fact]
    public async Task Merge_ResultsThatDoNotFit_PrintsNothing()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, (await Command.RunAsync("caption", s_shapes, "--model", s_model, "--out", folder.At("out"))).ExitCode);
        var results = folder.At("out", "captions-00000-of-00001.jsonl");
        var lines = await File.ReadAllLinesAsync(results, TestContext.Current.CancellationToken);
        await Damaged("5 results; the part has 6 pictures", lines[..5]);
        await Damaged("1 pictures have two results: 'shape4.png'", [.. lines[..5], lines[4]]);
        await Damaged("line 3 is damaged", [lines[0], lines[1], "{\"text\":\"no id\"}", .. lines[3..]]);
        await Damaged("not valid JSON", [.. lines[..5], "{"]);
        await File.WriteAllTextAsync(folder.At("out", "captions-00000-of-00001.partial.jsonl"), "", TestContext.Current.CancellationToken);
        await Damaged("1 of 1 parts are not finished", lines);

        async Task Damaged(string expected, IEnumerable<string> content)
        {
            await File.WriteAllTextAsync(results, string.Join('\n', content) + "\n", TestContext.Current.CancellationToken);
            await Refused(expected, ["merge", folder.At("out")]);
        }
    }

    private static async Task Refused(string expected, string[] arguments, Action? prepare = null)
    {
        prepare?.Invoke();
        var result = await Command.RunAsync(arguments);
        Assert.Equal(1, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Contains(expected, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }
}
