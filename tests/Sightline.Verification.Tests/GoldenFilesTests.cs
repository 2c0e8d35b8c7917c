using Sightline.Tests;
using Xunit;

namespace Sightline.Verification.Tests;

/// <summary>Every golden file that captioning covers, one test a file.</summary>
public sealed class GoldenFilesTests
{
    private static readonly Dictionary<string, Lazy<Dictionary<string, FixtureResult>>> s_results = StandardKinds.All
        .ToDictionary(kind => kind.Name, kind => new Lazy<Dictionary<string, FixtureResult>>(() => kind.Run(Fixture.Root).ToDictionary(result => result.File)));

    public static TheoryData<string> Files()
    {
        var data = new TheoryData<string>();
        foreach (var (kind, pattern) in new[] { ("tokenizer_golden", "*.json"), ("forward", "*.json"), ("generate", "*.json"), ("warmstart", "*.json"), ("images", "*.*") })
        {
            foreach (var path in Directory.GetFiles(Fixture.Path(kind), pattern).Order(StringComparer.Ordinal))
            {
                if (!Path.GetFileName(path).StartsWith("expected.safetensors", StringComparison.Ordinal) && !(kind == "images" && path.EndsWith(".json", StringComparison.Ordinal)))
                    data.Add($"{kind}/{Path.GetFileName(path)}");
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Verify_GoldenFile_LiesWithinItsTolerance(string file)
    {
        var result = s_results[file.Split('/')[0]].Value[file];
        Assert.True(result.Outcome == FixtureOutcome.Pass, result.Detail);
        Assert.NotNull(result.LargestDifference);
    }

    [Fact]
    public void Verify_ImagePipelines_AreJudged() =>
        Assert.Equal(FixtureOutcome.Pass, s_results["images"].Value["images/pipelines/deit_default"].Outcome);
}
