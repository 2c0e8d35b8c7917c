using System.Diagnostics;
using System.Text;
using Sightline.Metrics.Analysis;
using Xunit;

namespace Sightline.Metrics.Tests.Evaluation;

public sealed class BadInputTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("metrics-bad-input").FullName;

    public static TheoryData<string, string> BadAnnotations => new()
    {
        { "", "not valid JSON" },
        { "{", "not valid JSON" },
        { "[]", "not an annotation file" },
        { "{\"images\": []}", "not an annotation file" },
        { "{\"images\": [], \"annotations\": []}", "no image" },
        { "{\"images\": [{\"id\": \"x\"}], \"annotations\": []}", "images[0].id" },
        { "{\"images\": [{\"id\": 1}], \"annotations\": [{\"image_id\": 2, \"caption\": \"a\"}]}", "annotations[0].image_id 2 is unknown" },
        { "{\"images\": [{\"id\": 1}], \"annotations\": [{\"image_id\": 1}]}", "annotations[0].caption" },
        { "{\"images\": [{\"id\": 1}], \"annotations\": [{\"image_id\": 1, \"caption\": \"a\", \"is_rejected\": \"no\"}]}", "is_rejected" },
    };

    public static TheoryData<string, string> BadResults => new()
    {
        { "", "not valid JSON" },
        { "{}", "not a results file" },
        { "[]", "empty list" },
        { "[1]", "[0] is not an object" },
        { "[{\"image_id\": 1}]", "[0].caption" },
        { "[{\"image_id\": \"1\", \"caption\": \"a\"}]", "[0].image_id" },
        { "[{\"image_id\": 1.5, \"caption\": \"a\"}]", "[0].image_id" },
        { "[{\"image_id\": 1, \"caption\": null}]", "[0].caption" },
    };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(BadAnnotations))]
    public void LoadAnnotations_WrongContent_SaysSoInOneLine(string json, string expected) =>
        AssertOneLine(expected, () => CaptionAnnotations.Load(Write(json)));

    [Theory]
    [MemberData(nameof(BadResults))]
    public void LoadResults_WrongContent_SaysSoInOneLine(string json, string expected) =>
        AssertOneLine(expected, () => CaptionResults.Load(Write(json)));

    [Fact]
    public void Load_InvalidUtf8_NamesTheByte()
    {
        var path = Path.Combine(_folder, "bytes.json");
        File.WriteAllBytes(path, [.. "[{\"image_id\": 1, \"caption\": \""u8, 0xFF, .. "\"}]"u8]);
        AssertOneLine("not UTF-8 at byte 29", () => CaptionResults.Load(path));
    }

    [Fact]
    public void Load_MissingFile_SaysSoInOneLine() => AssertOneLine("cannot be read", () => CaptionResults.Load(Path.Combine(_folder, "none.json")));

    [Fact]
    public void Load_ByteOrderMark_IsAccepted()
    {
        var path = Path.Combine(_folder, "bom.json");
        File.WriteAllText(path, "[{\"image_id\": 1, \"caption\": \"a\"}]", new UTF8Encoding(true));
        Assert.Equal("a", Assert.Single(CaptionResults.Load(path)).Caption);
    }

    [Fact]
    public void Run_RepeatedAndUnknownIds_ListsAllInOneLine()
    {
        var annotations = Annotations((1, "a dog"), (2, "a cat"));
        CaptionResult[] results = [new(1, "a"), new(1, "b"), new(2, "c"), new(2, "d"), new(7, "e"), new(9, "f")];
        var error = AssertOneLine("occur more than once: 1, 2", () => CaptionEvaluation.Run(annotations, results));
        Assert.Contains("not in the annotations: 7, 9", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_EmptyResults_SaysSo() => AssertOneLine("empty", () => CaptionEvaluation.Run(Annotations((1, "a dog")), []));

    [Theory]
    [InlineData("a ")]
    [InlineData("a,")]
    [InlineData("1.a.")]
    [InlineData("@")]
    [InlineData("a@")]
    [InlineData("<a")]
    [InlineData("<!a")]
    [InlineData("'")]
    [InlineData("a'b")]
    [InlineData("a-")]
    [InlineData("a/")]
    [InlineData(". ")]
    [InlineData("U.S. ")]
    [InlineData("(555) ")]
    [InlineData("http://a")]
    [InlineData("www.a,")]
    public void Run_CaptionOf100000Characters_IsScoredInGoodTime(string piece)
    {
        var caption = string.Concat(Enumerable.Repeat(piece, 100_000 / piece.Length));
        var clock = Stopwatch.StartNew();
        var report = CaptionEvaluation.Run(Annotations((1, "a dog"), (2, "a cat")), [new(1, caption), new(2, "a cat")]);
        Assert.Equal(2, report.Images.Count);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), $"{clock.Elapsed}"); // guards against quadratic time, which takes minutes
    }

    [Fact]
    public void Run_LineBreaksAndEmptyCaptions_AreScored()
    {
        var report = CaptionEvaluation.Run(Annotations((1, "a\r\ndog"), (2, "")), [new(1, "a\u2028dog"), new(2, "")]);
        Assert.Equal("a dog", report.Images[0].TokenizedCandidate);
        Assert.Equal("a dog", report.Images[0].TokenizedReferences[0]);
        Assert.Equal(1, report.Metric("ROUGE_L").Images[0]);
    }

    [Fact]
    public void ByQualityFlaw_WrongFile_SaysSoInOneLine()
    {
        var report = CaptionEvaluation.Run(Annotations((1, "a dog")), [new(1, "a dog")]);
        AssertOneLine("not a VizWiz-QualityIssues file", () => Splits.ByQualityFlaw(report, Write("{}")));
        AssertOneLine("not a number of votes", () => Splits.ByQualityFlaw(report, Write("[{\"image\": \"a\", \"flaws\": {\"BLR\": \"x\"}}]")));
    }

    [Fact]
    public void LoadDocumentFrequencies_WrongFile_SaysSoInOneLine() =>
        AssertOneLine("not a file of document frequencies", () => DocumentFrequencies.Load(Write("{\"documents\": 0}")));

    [Fact]
    public void LoadParaphrases_WrongFile_SaysSoInOneLine() => AssertOneLine("line 1", () => Meteor.WithParaphrases(Write("x\ny\nz\n")));

    internal static CaptionAnnotations Annotations(params (long Id, string Reference)[] images) =>
        new(images.Select(x => new AnnotatedImage(x.Id, $"{x.Id}.jpg", x.Id % 2 == 0, [new ReferenceCaption(x.Reference)])));

    private static string AssertOneLine(string expected, Action action)
    {
        var error = Assert.Throws<MetricsException>(action).Message;
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error);
        return error;
    }

    private string Write(string text)
    {
        var path = Path.Combine(_folder, $"{Guid.NewGuid():N}.json");
        File.WriteAllText(path, text);
        return path;
    }
}
