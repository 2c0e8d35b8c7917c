using System.Formats.Tar;
using System.Globalization;
using Sightline.Tests;
using Xunit;

namespace Sightline.Cli.Tests.Sharding;

public sealed class KilledWorkerTests
{
    private const int Workers = 3;

    // Set the variable to 20000 for the whole claim.
    private static readonly int s_pictures = int.Parse(Environment.GetEnvironmentVariable("SIGHTLINE_FLEET_PICTURES") ?? "600", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Caption_OneOfThreeWorkersKilled_EveryPictureHasOneResult()
    {
        using var folder = new TemporaryFolder();
        var shapes = Directory.GetFiles(Fixture.Path("images", "shapes"), "*.png").Order(StringComparer.Ordinal).ToArray();
        var ids = WriteTars(folder, shapes);
        string[] Arguments(int worker) =>
            ["caption", folder.At("tars"), "--model", Fixture.Path("checkpoints", "t-base"), "--out", folder.At("out"), "--shard", $"{worker}/{Workers}", "--threads", "1"];

        var workers = Enumerable.Range(0, Workers).Select(i => Command.Start(Arguments(i))).ToArray();
        var partial = folder.At("out", "captions-00001-of-00003.partial.jsonl");
        while (!workers[1].HasExited && (!File.Exists(partial) || new FileInfo(partial).Length < 2000))
            await Task.Delay(5, TestContext.Current.CancellationToken);
        Assert.False(workers[1].HasExited, "the worker ended before it could be killed");
        workers[1].Kill();
        await workers[1].WaitForExitAsync(TestContext.Current.CancellationToken);
        foreach (var i in new[] { 0, 2 })
            Assert.Equal(0, (await Command.FinishAsync(workers[i])).ExitCode);

        var early = await Command.RunAsync("merge", folder.At("out"));
        Assert.Equal(1, early.ExitCode);
        Assert.Contains("not finished: 1/3", early.Error, StringComparison.Ordinal);

        var made = (await File.ReadAllTextAsync(partial, TestContext.Current.CancellationToken)).Count(c => c == '\n') - 1;
        Assert.InRange(made, 1, (s_pictures / Workers) - 1);
        var again = await Command.RunAsync(Arguments(1));
        Assert.True(again.ExitCode == 0, again.Error);
        Assert.Contains($"{made} of {ids.Where((_, i) => i % Workers == 1).Count()} pictures were done", again.ErrorLines[0], StringComparison.Ordinal);

        var merged = await Command.RunAsync("merge", folder.At("out"));
        Assert.True(merged.ExitCode == 0, merged.Error);
        Assert.Equal(ids, merged.Json.Select(line => line["id"]!.GetValue<string>()));
        var plain = await Command.RunAsync(["caption", .. shapes, "--model", Fixture.Path("checkpoints", "t-base")]);
        var texts = plain.Lines.Select(line => line.Split('\t')[1]).ToArray();
        Assert.True(texts.Distinct().Count() > 3);
        var position = 0;
        Assert.All(merged.Json, line => Assert.Equal(texts[position++ % shapes.Length], line["text"]!.GetValue<string>()));
        foreach (var worker in workers)
            worker.Dispose();
    }

    // Four tars as WebDataset packs them: each picture has a text beside it.
    private static List<string> WriteTars(TemporaryFolder folder, string[] shapes)
    {
        var ids = new List<string>();
        Directory.CreateDirectory(folder.At("tars"));
        for (var tar = 0; tar < 4; tar++)
        {
            var name = $"data-{tar:D5}.tar";
            using var writer = new TarWriter(File.Create(folder.At("tars", name)));
            for (var i = s_pictures * tar / 4; i < s_pictures * (tar + 1) / 4; i++)
            {
                writer.WriteEntry(shapes[i % shapes.Length], $"{i:D6}.png");
                writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, $"{i:D6}.txt") { DataStream = new MemoryStream("a shape"u8.ToArray()) });
                ids.Add($"{name}/{i:D6}.png");
            }
        }

        return ids;
    }
}
