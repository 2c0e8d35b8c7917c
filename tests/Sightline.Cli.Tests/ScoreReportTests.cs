using System.Text.Json.Nodes;
using AngleSharp.Html.Parser;
using Xunit;

namespace Sightline.Cli.Tests;

/// <summary><c>sightline score</c> with <c>--quality</c>, <c>--html</c>, <c>--images</c> and <c>--spice-parses</c>.</summary>
public sealed class ScoreReportTests : IDisposable
{
    // One grey pixel.
    private static readonly byte[] s_png = Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==");

    private readonly TemporaryFolder _folder = new();
    private readonly string _annotations;
    private readonly string _results;

    public ScoreReportTests()
    {
        string[] references = ["a dog on a mat", "a cat in the sun", "a <b>red</b> & \"round\" cup"];
        string[] captions = ["a dog on a mat", "the quick brown fox", "<script>alert(1)</script>"];
        _annotations = Write("a.json", new JsonObject
        {
            ["images"] = new JsonArray([.. references.Select((_, i) => new JsonObject { ["id"] = i, ["file_name"] = $"{i}.png" })]),
            ["annotations"] = new JsonArray([.. references.Select((text, i) => new JsonObject { ["image_id"] = i, ["caption"] = text })]),
        }.ToJsonString());
        _results = Write("r.json", new JsonArray([.. captions.Select((text, i) => new JsonObject { ["image_id"] = i, ["caption"] = text })]).ToJsonString());
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Score_Quality_GivesAPartForEachFlaw()
    {
        var quality = Write("q.json", """
            [{"image": "0.png", "flaws": {"FRM": 2, "BLR": 1}, "unrecognizable": 0},
             {"image": "1.png", "flaws": {"FRM": 5, "BLR": 4}, "unrecognizable": 3}]
            """);
        var result = await Command.RunAsync("score", _results, _annotations, "--quality", quality, "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        var parts = Assert.Single(result.Json)["splits"]!.AsArray().ToDictionary(part => part!["name"]!.GetValue<string>(), part => part!);
        Assert.Equal((2, 1, 1, 1), (Images("FRM"), Images("BLR"), Images("unrecognizable"), Images("not in the quality file")));
        Assert.DoesNotContain("DRK", parts.Keys);
        // One of four words, then six of nine; both a word short.
        Assert.Equal(0.25 * Math.Exp(1 - (5 / 4.0)), parts["BLR"]["scores"]!["Bleu_1"]!.GetValue<double>(), 1e-6);
        Assert.Equal(6 / 9.0 * Math.Exp(1 - (10 / 9.0)), parts["FRM"]["scores"]!["Bleu_1"]!.GetValue<double>(), 1e-6);
        var lines = (await Command.RunAsync("score", _results, _annotations, "--quality", quality)).Lines;
        Assert.Contains(lines, line => line.StartsWith("Part FRM: 2 pictures, Bleu_1 0.5", StringComparison.Ordinal));

        int Images(string part) => parts[part]["images"]!.GetValue<int>();
    }

    [Fact]
    public async Task Score_Html_IsOnePageThatNeedsNothingElseAndReadsAloud()
    {
        foreach (var name in (string[])["0.png", "2.png"])
            await File.WriteAllBytesAsync(_folder.At(name), s_png, TestContext.Current.CancellationToken);
        var html = _folder.At("report.html");
        var result = await Command.RunAsync("score", _results, _annotations, "--html", html, "--images", Path.GetDirectoryName(html)!, "--bootstrap", "20");
        Assert.True(result.ExitCode == 0, result.Error);
        var page = new HtmlParser().ParseDocument(await File.ReadAllTextAsync(html, TestContext.Current.CancellationToken));

        Assert.Equal("en", page.DocumentElement.GetAttribute("lang"));
        Assert.Equal("Scores of r.json", page.Title);
        var main = Assert.Single(page.QuerySelectorAll("main"));
        Assert.Equal(page.Title, Assert.Single(page.QuerySelectorAll("h1")).TextContent);
        var levels = page.QuerySelectorAll("h1, h2, h3, h4, h5, h6").Select(heading => heading.TagName[1] - '0').ToList();
        Assert.All(levels.Zip(levels.Skip(1)), pair => Assert.True(pair.Second <= pair.First + 1, string.Join(' ', levels)));

        // Nothing is loaded and nothing runs: addresses are in the page or data.
        Assert.Empty(page.QuerySelectorAll("script, link, iframe, object, embed, base, form, [srcset], [style*=url]"));
        Assert.All(page.QuerySelectorAll("[src]"), element => Assert.StartsWith("data:image/png;base64,", element.GetAttribute("src"), StringComparison.Ordinal));
        Assert.All(page.QuerySelectorAll("[href]"), link => Assert.NotNull(page.GetElementById(Assert.IsType<string>(link.GetAttribute("href"))[1..])));
        Assert.DoesNotContain("url(", page.QuerySelector("style")!.TextContent, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", page.QuerySelector("meta[http-equiv=Content-Security-Policy]")!.GetAttribute("content"), StringComparison.Ordinal);

        // What a screen reader says.
        var pictures = main.QuerySelectorAll("img");
        Assert.Equal(["a <b>red</b> & \"round\" cup", "a dog on a mat"], pictures.Select(picture => picture.GetAttribute("alt")!).Order(StringComparer.Ordinal));
        Assert.All(page.QuerySelectorAll("table"), table =>
        {
            Assert.False(string.IsNullOrWhiteSpace(table.QuerySelector("caption")?.TextContent));
            Assert.NotEmpty(table.QuerySelectorAll("th"));
            Assert.All(table.QuerySelectorAll("th"), header => Assert.Contains(header.GetAttribute("scope"), (string?[])["col", "row"]));
        });
        var articles = page.QuerySelectorAll("article");
        Assert.Equal(3, articles.Length);
        Assert.All(articles, article => Assert.Contains(".png", page.GetElementById(article.GetAttribute("aria-labelledby")!)!.TextContent, StringComparison.Ordinal));
        Assert.Contains(articles, article => article.TextContent.Contains("The picture 1.png is not in the folder.", StringComparison.Ordinal));
        Assert.Contains(articles, article => article.TextContent.Contains("<script>alert(1)</script>", StringComparison.Ordinal));
        Assert.Contains(page.QuerySelectorAll("th"), header => header.TextContent == "Interval");
    }

    [Fact]
    public async Task Score_SpiceParses_AddsSpice()
    {
        string[] captions = ["a dog on a mat", "a cat in the sun", "the quick brown fox"];
        var annotations = Write("s.json", new JsonObject
        {
            ["images"] = new JsonArray(new JsonObject { ["id"] = 0 }, new JsonObject { ["id"] = 1 }),
            ["annotations"] = new JsonArray(new JsonObject { ["image_id"] = 0, ["caption"] = captions[0] }, new JsonObject { ["image_id"] = 1, ["caption"] = captions[1] }),
        }.ToJsonString());
        var results = Write("t.json", $$"""[{"image_id": 0, "caption": "{{captions[0]}}"}, {"image_id": 1, "caption": "{{captions[2]}}"}]""");
        var parses = Write("p.jsonl", """
            {"caption": "a dog on a mat", "sentences": [{"tokens": [["a", "DT", "a"], ["dog", "NN", "dog"], ["on", "IN", "on"], ["a", "DT", "a"], ["mat", "NN", "mat"]], "edges": [["2", "det", "1"], ["5", "case", "3"], ["5", "det", "4"], ["2", "nmod:on", "5"]], "roots": [2]}]}
            {"caption": "a cat in the sun", "tuples": [["cat", "sun", "in"], ["cat"], ["sun"]]}
            {"caption": "the quick brown fox", "tuples": [["fox", "quick"], ["fox"]]}
            """);
        var result = await Command.RunAsync("score", results, annotations, "--spice-parses", parses, "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        var json = Assert.Single(result.Json);
        Assert.Equal(0.5, json["corpus"]!["SPICE"]!.GetValue<double>(), 1e-12);
        Assert.Contains(json["notes"]!.AsArray(), note => note!.GetValue<string>().StartsWith("SPICE: the tuples of 1 of the 3 captions", StringComparison.Ordinal));
        var lacking = await Command.RunAsync("score", results, annotations, "--spice-parses", Write("q.jsonl", """{"caption": "a dog on a mat", "tuples": []}"""));
        Assert.Equal(1, lacking.ExitCode);
        Assert.Contains("The parses lack 2 of the captions", Assert.Single(lacking.ErrorLines), StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string> BadFiles => new()
    {
        { "--quality", "{}", "not a VizWiz-QualityIssues file" },
        { "--quality", """[{"image": "0.png", "flaws": {"FRM": -1}}]""", "[0].flaws.FRM is -1, not a number of votes" },
        { "--quality", "[", "not valid JSON at line 1" },
        { "--spice-parses", "{}", "line 1 is not a parse" },
        { "--spice-parses", "no json", "line 1 is not a parse" },
        { "--paraphrases", "0.5\na b\n", "not METEOR's paraphrase format at line 1" },
        { "--compare", "{}", "not a results file" },
        { "--compare", """[{"image_id": 99, "caption": "x"}]""", "not in the annotations: 99" },
    };

    [Theory]
    [MemberData(nameof(BadFiles))]
    public async Task Score_BadSecondFile_IsOneLineAndNoScore(string option, string content, string expected)
    {
        var file = Write("bad.txt", content);
        var result = await Command.RunAsync("score", _results, _annotations, option, file);
        Assert.Equal(1, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Contains(expected, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        var missing = await Command.RunAsync("score", _results, _annotations, option, _folder.At("none"));
        Assert.Equal(1, missing.ExitCode);
        Assert.Contains("none: cannot be read", Assert.Single(missing.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Score_OutputsThatCannotBe_AreOneLine()
    {
        var nowhere = _folder.At(Path.Combine("no", "such", "folder", "x"));
        foreach (var option in (string[])["--html", "--csv"])
        {
            var result = await Command.RunAsync("score", _results, _annotations, option, nowhere);
            Assert.Equal(1, result.ExitCode);
            Assert.Contains("cannot be written", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        }

        var images = await Command.RunAsync("score", _results, _annotations, "--html", _folder.At("h.html"), "--images", nowhere);
        Assert.Equal(1, images.ExitCode);
        Assert.Contains("--images", Assert.Single(images.ErrorLines), StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.At("h.html")));
    }

    private string Write(string name, string text)
    {
        File.WriteAllText(_folder.At(name), text);
        return _folder.At(name);
    }
}
