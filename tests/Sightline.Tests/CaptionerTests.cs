using System.Text.Json.Nodes;
using Sightline.Generation;
using Xunit;

namespace Sightline.Tests;

public sealed class CaptionerTests
{
    private static readonly string[] s_shapes = ["shape0.png", "shape1.png", "shape2.png"];

    public static TheoryData<string> Trained() => ["t-base", "t-417", "t-proj", "t-deit-distinct-pad", "t-distil6"];

    [Theory]
    [MemberData(nameof(Trained))]
    public void Describe_PictureFiles_GivesTheReferenceText(string name)
    {
        using var captioner = Load(name);
        var golden = Golden(name, "greedy-50", out var idsGolden);
        var captions = captioner.Describe(Paths(), new GenerationOptions { MaxLength = 50 });
        Assert.Equal(golden, captions.Select(c => c.Text));
        for (var i = 0; i < captions.Count; i++)
        {
            Assert.Equal(captions[i].Text, string.Concat(captions[i].Tokens.Select(t => t.Text)));
            Assert.Equal(idsGolden[i][1..(captions[i].TokenIds.Count + 1)], captions[i].TokenIds);
        }

        Assert.Equal(3, captions.Select(c => c.Text).Distinct().Count());
    }

    [Fact]
    public void Describe_NoLengthAnywhere_UsesFifty()
    {
        using var captioner = Load("t-base");
        Assert.Equal(50, captioner.Complete(null).MaxLength);
        Assert.Equal(Golden("t-base", "greedy-50", out _), captioner.Describe(Paths()).Select(c => c.Text));
        Assert.Null(captioner.Complete(new GenerationOptions { MaxNewTokens = 5 }).MaxLength);
    }

    [Fact]
    public async Task Describe_PathBytesStreamAndAsync_GiveTheSameCaption()
    {
        using var captioner = Load("t-base");
        var path = Paths()[1];
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        var expected = captioner.Describe(path);
        using var stream = File.OpenRead(path);
        Assert.Equal(expected.Text, captioner.Describe(bytes).Text);
        Assert.Equal(expected.Text, captioner.Describe(stream).Text);
        Assert.Equal(expected.TokenIds, (await captioner.DescribeAsync(path, cancellationToken: TestContext.Current.CancellationToken)).TokenIds);
        Assert.Equal(expected.Score, captioner.Describe(bytes).Score);
    }

    [Fact]
    public void Describe_Batch_EqualsSingles()
    {
        using var captioner = Load("t-proj");
        foreach (var options in new[] { new GenerationOptions(), new GenerationOptions { NumBeams = 4 }, new GenerationOptions { DoSample = true, Seed = 3 } })
        {
            var many = captioner.Describe(Paths(), options);
            if (options.DoSample != true) // a picture's stream of random numbers depends on its place in the batch
                Assert.Equal(Paths().Select(path => captioner.Describe(path, options).Text), many.Select(c => c.Text));
            Assert.Equal(many.Select(c => c.Text), captioner.Describe(Paths(), options).Select(c => c.Text));
        }
    }

    [Fact]
    public void Describe_SeveralReturnSequences_GivesAlternatives()
    {
        using var captioner = Load("t-base");
        var caption = captioner.Describe(Paths()[0], new GenerationOptions { NumBeams = 4, NumReturnSequences = 3 });
        Assert.Equal(2, caption.Alternatives.Count);
        Assert.True(caption.Score >= caption.Alternatives[0].Score && caption.Alternatives[0].Score >= caption.Alternatives[1].Score);
        Assert.Equal(3, caption.Alternatives.Select(c => c.Text).Append(caption.Text).Distinct().Count());
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(8)]
    public void Load_DraftTokensOutOfRange_SaysWhatWasExpected(int count) => Assert.Contains(
        $"DraftTokens is {count}; 0 (none) to 7 was expected",
        Assert.Throws<ConfigurationException>(() => Captioner.Load(Fixture.Path("checkpoints", "t-base"), new CaptionerOptions { DraftTokens = count })).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Describe_PictureAfterPicture_GivesTheSameWithAndWithoutGuesses()
    {
        var folder = Fixture.Path("checkpoints", "t-base");
        using var plain = Captioner.Load(folder, new CaptionerOptions { DraftTokens = 0 });
        using var guessing = Captioner.Load(folder);
        foreach (var options in new[] { new GenerationOptions(), new GenerationOptions { DoSample = true, Seed = 3 }, new GenerationOptions { NumBeams = 2 }, new GenerationOptions { NumReturnSequences = 3, NumBeams = 4 } })
        {
            foreach (var path in (string[])[.. Paths(), .. Paths(), .. Paths()])
            {
                var (expected, actual) = (plain.Describe(path, options), guessing.Describe(path, options));
                Assert.Equal(expected.Tokens, actual.Tokens);
                Assert.Equal(expected.Score, actual.Score);
                Assert.Equal(expected.Finish, actual.Finish);
            }
        }

        var tokens = new List<CaptionToken>();
        await foreach (var token in guessing.DescribeStreamAsync(Paths()[1], cancellationToken: TestContext.Current.CancellationToken))
            tokens.Add(token);
        Assert.Equal(plain.Describe(Paths()[1]).Tokens, tokens);
    }

    [Fact]
    public async Task DescribeStreamAsync_Greedy_GivesTheTokensOfDescribe()
    {
        using var captioner = Load("t-base");
        var expected = captioner.Describe(Paths()[2]);
        var tokens = new List<CaptionToken>();
        await foreach (var token in captioner.DescribeStreamAsync(Paths()[2], cancellationToken: TestContext.Current.CancellationToken))
            tokens.Add(token);
        Assert.Equal(expected.Tokens, tokens);
        await Assert.ThrowsAsync<ConfigurationException>(async () =>
        {
            await foreach (var _ in captioner.DescribeStreamAsync(Paths()[2], new GenerationOptions { NumBeams = 2 }, TestContext.Current.CancellationToken))
            {
            }
        });
    }

    [Fact]
    public void Describe_Cancelled_StopsBetweenTokens()
    {
        using var captioner = Load("t-base");
        using var source = new CancellationTokenSource();
        var steps = 0;
        var options = new GenerationOptions
        {
            ScoresObserver = (_, _, _) =>
            {
                if (++steps == 3)
                    source.Cancel();
            },
        };
        Assert.Throws<OperationCanceledException>(() => captioner.Describe(Paths()[0], options, source.Token));
        Assert.Equal(3, steps);
    }

    [Fact]
    public void Describe_ManyThreads_GivesTheSameCaptions()
    {
        using var captioner = Load("t-base");
        var expected = Paths().Select(path => captioner.Describe(path).Text).ToArray();
        Parallel.For(0, 60, new ParallelOptions { MaxDegreeOfParallelism = 6 }, i => Assert.Equal(expected[i % 3], captioner.Describe(Paths()[i % 3]).Text));
    }

    [Fact]
    public void Load_NoSuchFolder_SaysSo()
    {
        var e = Assert.Throws<ConfigurationException>(() => Captioner.Load(Fixture.Path("checkpoints", "nothing")));
        Assert.Contains("no such folder", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NoPreprocessorFile_UsesTheViTDefaultsAtTheEncodersSize()
    {
        using var folder = new TemporaryFolder();
        foreach (var file in Directory.GetFiles(Fixture.Path("checkpoints", "t-base")))
            File.Copy(file, Path.Combine(folder.Root, Path.GetFileName(file)));
        File.Delete(Path.Combine(folder.Root, "preprocessor_config.json"));
        using var captioner = Captioner.Load(folder.Root);
        Assert.Equal(Golden("t-base", "greedy-50", out _), captioner.Describe(Paths()).Select(c => c.Text));
    }

    private static Captioner Load(string name) => Captioner.Load(Fixture.Path("checkpoints", name));

    private static string[] Paths() => [.. s_shapes.Select(name => Fixture.Path("images", "shapes", name))];

    private static string[] Golden(string checkpoint, string caseName, out int[][] ids)
    {
        var file = JsonNode.Parse(File.ReadAllText(Fixture.Path("generate", checkpoint + ".json")))!;
        var expected = file["cases"]!.AsArray().Single(c => c!["name"]!.GetValue<string>() == caseName)!["4.17"]!;
        ids = [.. expected["sequences"]!.AsArray().Select(row => row!.AsArray().Select(id => id!.GetValue<int>()).ToArray())];
        return [.. expected["text"]!.AsArray().Select(text => text!.GetValue<string>())];
    }
}
