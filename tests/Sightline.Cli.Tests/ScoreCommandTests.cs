using System.Text;
using System.Text.Json.Nodes;
using Sightline.Tests;
using Xunit;

namespace Sightline.Cli.Tests;

public sealed class ScoreCommandTests
{
    private static readonly string[] s_metrics = ["Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4", "ROUGE_L", "CIDEr", "METEOR"];

    [Theory]
    [InlineData("default")]
    [InlineData("keep_precanned", "--keep-precanned")]
    [InlineData("keep_rejected", "--keep-rejected")]
    [InlineData("keep_all", "--keep-precanned", "--keep-rejected")]
    [InlineData("keep_all", "--coco")]
    [InlineData("partial")]
    [InlineData("extra_fields")]
    [InlineData("empty_caption")]
    [InlineData("newline_in_caption")]
    public async Task Score_FlowCase_GivesTheOfficialScores(string name, params string[] options)
    {
        using var folder = new TemporaryFolder();
        var (golden, results, annotations) = FlowCase(folder, name);
        var result = await Command.RunAsync(["score", results, annotations, "--json", .. options]);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Empty(result.Error);
        var json = Assert.Single(result.Json);
        Assert.Equal(["corpus", "images", "skipped"], json.Select(pair => pair.Key).Take(3));
        var order = options.Contains("--coco") ? ["Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4", "METEOR", "ROUGE_L", "CIDEr"] : s_metrics;
        Assert.Equal(order, json["corpus"]!.AsObject().Select(pair => pair.Key));
        var images = json["images"]!.AsArray().ToDictionary(image => image!["image_id"]!.GetValue<long>(), image => image!);
        var ids = golden["images"]!["image_id"]!.AsArray().Select(id => id!.GetValue<long>()).ToList();
        Assert.Equal(ids.Order(), images.Keys.Order());
        foreach (var metric in s_metrics[..^1])
        {
            Assert.Equal(golden["corpus"]![metric]!.GetValue<double>(), json["corpus"]![metric]!.GetValue<double>(), 1e-9);
            for (var i = 0; i < ids.Count; i++)
                Assert.Equal(golden["images"]![metric]![i]!.GetValue<double>(), images[ids[i]][metric]!.GetValue<double>(), 1e-9);
        }

        var cider = json["images"]!.AsArray().Select(image => image!["CIDEr"]!.GetValue<double>()).ToList();
        Assert.Equal(cider.Order(), cider); // worst first
        Assert.Equal(golden["results"]!.AsArray().Count - ids.Count, json["skipped"]!.GetValue<int>());
    }

    [Fact]
    public async Task Score_Lines_SayEverythingInPlainWords()
    {
        using var folder = new TemporaryFolder();
        var (golden, results, annotations) = FlowCase(folder, "default");
        var result = await Command.RunAsync("score", results, annotations);
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(s_metrics, result.Lines.Take(s_metrics.Length).Select(line => line.Split(": ")[0]));
        Assert.Equal($"Bleu_1: {golden["corpus"]!["Bleu_1"]!.GetValue<double>():0.0000}", result.Lines[0]);
        var scored = golden["images"]!["image_id"]!.AsArray().Count;
        Assert.Contains($"Pictures scored: {scored}", result.Lines);
        Assert.Contains($"Skipped because no reference is left: {golden["results"]!.AsArray().Count - scored}", result.Lines);
        Assert.Contains(result.Lines, line => line.StartsWith("Missing in the results: ", StringComparison.Ordinal));
        Assert.Contains(result.Lines, line => line.StartsWith("Different captions: ", StringComparison.Ordinal));
        Assert.Contains(result.Lines, line => line.StartsWith("Most frequent caption: ", StringComparison.Ordinal) && line.Contains('%', StringComparison.Ordinal));
        Assert.Contains(result.Lines, line => line.StartsWith("Note: METEOR: three stages ran", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Score_CollapsedModel_IsSaid()
    {
        using var folder = new TemporaryFolder();
        var annotations = Write(folder, "a.json", Set("a dog", "a cat", "a cup", "a bus"));
        var results = Write(folder, "r.json", """[{"image_id":0,"caption":"a dog"},{"image_id":1,"caption":"a dog"},{"image_id":2,"caption":"a dog"}]""");
        var result = await Command.RunAsync("score", results, annotations);
        Assert.Contains("Missing in the results: 1", result.Lines);
        Assert.Contains("Different captions: 1", result.Lines);
        Assert.Contains("Most frequent caption: 100.0 % (3 of 3), \"a dog\"", result.Lines);
    }

    [Fact]
    public async Task Score_ReportsBootstrapAndComparison_AreWritten()
    {
        using var folder = new TemporaryFolder();
        var (_, results, annotations) = FlowCase(folder, "default");
        var (_, other, _) = FlowCase(folder, "partial");
        var (csv, html) = (folder.At("t.csv"), folder.At("t.html"));
        string[] arguments = ["score", results, annotations, "--json", "--bootstrap", "50", "--seed", "7", "--compare", other, "--csv", csv, "--html", html,
            "--paraphrases", Fixture.Path("metrics", "meteor", "paraphrase-test.gz")];
        var first = await Command.RunAsync(arguments);
        Assert.True(first.ExitCode == 0, first.Error);
        var json = Assert.Single(first.Json);
        foreach (var metric in s_metrics)
        {
            Assert.InRange(json["corpus"]![metric]!.GetValue<double>(), 0, 10);
            Assert.True(json["intervals"]![metric]![0]!.GetValue<double>() <= json["intervals"]![metric]![1]!.GetValue<double>());
            Assert.InRange(json["comparison"]![metric]!["p"]!.GetValue<double>(), 0, 1);
        }

        Assert.Contains(json["notes"]!.AsArray(), note => note!.GetValue<string>().Contains("four stages", StringComparison.Ordinal));
        Assert.Equal(json["images"]!.AsArray().Count + 1, File.ReadAllLines(csv).Length);
        Assert.StartsWith("<!DOCTYPE html>", await File.ReadAllTextAsync(html, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(first.Output, (await Command.RunAsync(arguments)).Output);
    }

    public static TheoryData<string, string?, string?, string[]> BadInput() => new()
    {
        { "results are no list", """{"image_id":0,"caption":"x"}""", null, ["not a results file"] },
        { "results are empty", "[]", null, ["empty list"] },
        { "no caption", """[{"image_id":0}]""", null, ["[0].caption is missing"] },
        { "id is text", """[{"image_id":"0","caption":"x"}]""", null, ["[0].image_id is missing or not an integer"] },
        { "no JSON", "[{", null, ["not valid JSON at line 1"] },
        { "duplicates and unknown ids", """[{"image_id":0,"caption":"x"},{"image_id":0,"caption":"y"},{"image_id":1,"caption":"y"},{"image_id":1,"caption":"y"},{"image_id":70,"caption":"z"},{"image_id":80,"caption":"z"}]""", null, ["more than once: 0, 1", "not in the annotations: 70, 80"] },
        { "annotations are a list", null, "[]", ["not an annotation file"] },
        { "annotations are empty", null, """{"images":[],"annotations":[]}""", ["no image"] },
        { "unknown image", null, """{"images":[{"id":0}],"annotations":[{"image_id":5,"caption":"x"}]}""", ["annotations[0].image_id 5 is unknown"] },
        { "nothing left", null, """{"images":[{"id":0}],"annotations":[{"image_id":0,"caption":"x","is_rejected":true}]}""", ["No image is left"] },
    };

    [Theory]
    [MemberData(nameof(BadInput))]
    public async Task Score_BadInput_IsOneLineAndNoScore(string name, string? results, string? annotations, string[] expected)
    {
        using var folder = new TemporaryFolder();
        var result = await Command.RunAsync("score",
            Write(folder, "r.json", results ?? """[{"image_id":0,"caption":"a dog"}]"""), Write(folder, "a.json", annotations ?? Set("a dog", "a cat")), "--json");
        Assert.True(result.ExitCode == 1, name);
        Assert.Empty(result.Output);
        var line = Assert.Single(result.ErrorLines);
        Assert.All(expected, part => Assert.Contains(part, line, StringComparison.Ordinal));
        Assert.DoesNotContain("unexpected error", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Score_InvalidUtf8OrMissingFile_IsOneLine()
    {
        using var folder = new TemporaryFolder();
        var annotations = Write(folder, "a.json", Set("a dog"));
        var bad = folder.At("bad.json");
        await File.WriteAllBytesAsync(bad, [.. "[{\"image_id\":0,\"caption\":\""u8, 0xFF, 0xFE, .. "\"}]"u8], TestContext.Current.CancellationToken);
        var result = await Command.RunAsync("score", bad, annotations);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("not UTF-8 at byte 26", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        var missing = await Command.RunAsync("score", folder.At("none.json"), annotations);
        Assert.Equal(1, missing.ExitCode);
        Assert.Contains("none.json: cannot be read", Assert.Single(missing.ErrorLines), StringComparison.Ordinal);
        Assert.Equal(2, (await Command.RunAsync("score", bad)).ExitCode);
        Assert.Equal(2, (await Command.RunAsync("score", bad, annotations, "--bootstrap", "0")).ExitCode);
    }

    [Fact]
    public async Task Score_StrangeCaptions_AreScored()
    {
        using var folder = new TemporaryFolder();
        var annotations = Write(folder, "a.json", Set("a dog", "a cat", "a red cup"));
        var entries = new JsonArray(
            new JsonObject { ["image_id"] = 0, ["caption"] = new StringBuilder().Insert(0, "dog and ", 12_500).ToString() }, // 100,000 characters
            new JsonObject { ["image_id"] = 1, ["caption"] = "" },
            new JsonObject { ["image_id"] = 2, ["caption"] = "a red\ncup\r\n" });
        var result = await Command.RunAsync("score", Write(folder, "r.json", entries.ToJsonString()), annotations, "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        var images = Assert.Single(result.Json)["images"]!.AsArray().ToDictionary(image => image!["image_id"]!.GetValue<int>(), image => image!["Bleu_1"]!.GetValue<double>());
        Assert.InRange(images[0], 1e-9, 0.01);
        Assert.InRange(images[1], 0, 1e-9);
        Assert.Equal(1, images[2], 1e-6);
    }

    private static (JsonNode Golden, string Results, string Annotations) FlowCase(TemporaryFolder folder, string name)
    {
        var golden = JsonNode.Parse(File.ReadAllText(Fixture.Path("metrics", "scores", "flow_cases.json")))!["cases"]!.AsArray().Single(each => each!["name"]!.GetValue<string>() == name)!;
        return (golden, Write(folder, $"{name}.results.json", golden["results"]!.ToJsonString()), Write(folder, $"{name}.annotations.json", golden["annotations"]!.ToJsonString()));
    }

    // A set of one reference for each image, numbered from 0.
    private static string Set(params string[] references) => new JsonObject
    {
        ["images"] = new JsonArray([.. references.Select((_, i) => (JsonNode)new JsonObject { ["id"] = i, ["file_name"] = $"{i}.png" })]),
        ["annotations"] = new JsonArray([.. references.Select((text, i) => (JsonNode)new JsonObject { ["image_id"] = i, ["caption"] = text })]),
    }.ToJsonString();

    private static string Write(TemporaryFolder folder, string name, string text)
    {
        File.WriteAllText(folder.At(name), text);
        return folder.At(name);
    }
}
