using System.IO.Compression;
using System.Text.Json.Nodes;
using Sightline.Tests;
using Sightline.Verification.Kinds;
using Xunit;

namespace Sightline.Verification.Tests;

/// <summary>The golden files of the caption metrics.</summary>
public sealed class MetricFixturesTests
{
    // METEOR 1.5 takes another of several equal alignments on some segments (docs/metrics.md): these files fail until that order is known.
    private static readonly string[] s_failing =
        ["metrics/meteor/aligner_stress.json.gz", "metrics/meteor/coco_fakecap.json.gz"];

    [Fact]
    public void Run_AllMetricFiles_PassExceptTheKnownOnes()
    {
        var results = new MetricFixtures().Run(Fixture.Root).ToList();
        Assert.Equal(23, results.Count);
        Assert.Equal(s_failing, results.Where(result => result.Outcome == FixtureOutcome.Fail).Select(result => result.File));
        Assert.DoesNotContain(results, result => result.Outcome == FixtureOutcome.Skipped);
        Assert.All(results.Where(result => result.Outcome == FixtureOutcome.Pass), result =>
        {
            Assert.NotNull(result.LargestDifference);
            Assert.Matches("^(exact|abs 1e-9|exact; abs 1e-9|abs 1e-9; exact|abs 1e-12; exact|exact; abs 1e-12|abs 5e-6; exact)$", result.Tolerance);
        });
        Assert.All(results.Where(result => result.Outcome == FixtureOutcome.Fail), result => Assert.Contains("segments differ", result.Detail, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("scores/flow_cases.json", "cases/0/corpus/Bleu_2", "Bleu_2")]
    [InlineData("tokenizer/corpus_hashes.json", "corpora/0/tokens", "tokens")]
    [InlineData("meteor/published.json", "0/score", "")]
    [InlineData("meteor/stems.json.gz", "stems/3", "")]
    [InlineData("spice/synthetic_tuples.json.gz", "expected/0/All/0", "All")]
    [InlineData("scores/edge_cases.json.gz", "cases/1/bleu_stats/testlen", "testlen")]
    public void Run_OneValueOff_FailsAndSaysWhere(string file, string place, string where)
    {
        using var root = new TemporaryFolder();
        var path = Copy(root, file);
        if (file.StartsWith("tokenizer", StringComparison.Ordinal))
        {
            foreach (var pool in Directory.GetFiles(Fixture.Path("metrics", "pool")))
                Copy(root, $"pool/{Path.GetFileName(pool)}");
        }

        Assert.Equal(FixtureOutcome.Pass, Assert.Single(new MetricFixtures().Run(root.Root)).Outcome);
        var golden = Read(path);
        var holder = golden;
        var steps = place.Split('/');
        foreach (var step in steps[..^1])
            holder = int.TryParse(step, out var index) ? holder[index]! : holder[step]!;
        if (int.TryParse(steps[^1], out var last))
            holder[last] = Other(holder[last]!);
        else
            holder[steps[^1]] = Other(holder[steps[^1]]!);
        Write(path, golden);
        var result = Assert.Single(new MetricFixtures().Run(root.Root));
        Assert.Equal(FixtureOutcome.Fail, result.Outcome);
        Assert.True(result.LargestDifference > 0);
        Assert.Contains(where, result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_OneDependencyOff_FailsAndNamesTheCaption()
    {
        using var root = new TemporaryFolder();
        var path = Copy(root, "spice/vizwiz_demo100_parses.jsonl.gz");
        string[] lines;
        using (var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress)))
            lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var parse = JsonNode.Parse(lines[7])!;
        var edge = parse["sentences"]![0]!["edges"]!.AsArray().First(x => x![1]!.GetValue<string>() is "amod" or "compound");
        edge![1] = "dep";
        lines[7] = parse.ToJsonString();
        using (var writer = new StreamWriter(new GZipStream(File.Create(path), CompressionMode.Compress)))
            writer.Write(string.Join('\n', lines));
        var result = Assert.Single(new MetricFixtures().Run(root.Root));
        Assert.Equal(FixtureOutcome.Fail, result.Outcome);
        Assert.StartsWith(parse["caption"]!.GetValue<string>(), result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_DamagedOrUnknownFile_IsNoPass()
    {
        using var root = new TemporaryFolder();
        File.WriteAllText(Copy(root, "scores/flow_cases.json"), "{");
        File.WriteAllText(Copy(root, "meteor/stems.json.gz"), "no gzip");
        File.WriteAllText(Path.Combine(root.Root, "metrics", "scores", "other.json"), "{}");
        var results = new MetricFixtures().Run(root.Root).ToDictionary(result => result.File, result => result.Outcome);
        Assert.Equal(FixtureOutcome.Fail, results["metrics/scores/flow_cases.json"]);
        Assert.Equal(FixtureOutcome.Fail, results["metrics/meteor/stems.json.gz"]);
        Assert.Equal(FixtureOutcome.Skipped, results["metrics/scores/other.json"]);
    }

    private static JsonNode Other(JsonNode value) =>
        value.GetValueKind() == System.Text.Json.JsonValueKind.String ? value.GetValue<string>() + "x"
        : value.ToJsonString().Contains('.', StringComparison.Ordinal) ? value.GetValue<double>() + 1e-3
        : value.GetValue<long>() + 1;

    private static string Copy(TemporaryFolder root, string file)
    {
        var target = Path.Combine([root.Root, "metrics", .. file.Split('/')]);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Copy(Fixture.Path(["metrics", .. file.Split('/')]), target);
        return target;
    }

    private static JsonNode Read(string path)
    {
        using var file = File.OpenRead(path);
        using Stream stream = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
        return JsonNode.Parse(stream)!;
    }

    private static void Write(string path, JsonNode golden)
    {
        using var file = File.Create(path);
        using Stream stream = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Compress) : file;
        using var writer = new System.Text.Json.Utf8JsonWriter(stream);
        golden.WriteTo(writer);
    }
}
