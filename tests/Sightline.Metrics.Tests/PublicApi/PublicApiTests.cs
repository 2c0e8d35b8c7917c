using System.Runtime.CompilerServices;
using PublicApiGenerator;
using Xunit;

namespace Sightline.Metrics.Tests.PublicApi;

public sealed class PublicApiTests
{
    [Fact]
    public void PublicApi_Snapshot_IsAsApproved()
    {
        var actual = typeof(Bleu).Assembly.GeneratePublicApi(new ApiGeneratorOptions { IncludeAssemblyAttributes = false }).ReplaceLineEndings("\n");
        var path = Path.Combine(Path.GetDirectoryName(ThisFile())!, "approved.txt");
        var approved = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "";
        var added = actual.Split('\n').Except(approved.Split('\n')).Select(line => $"+ {line.Trim()}");
        var removed = approved.Split('\n').Except(actual.Split('\n')).Select(line => $"- {line.Trim()}");
        var difference = string.Join('\n', removed.Concat(added));
        if (approved != actual)
            File.WriteAllText(Path.Combine(AppContext.BaseDirectory, "received.txt"), actual);
        Assert.True(approved == actual, $"The public API changed. If that is meant, copy received.txt (beside the test program) over PublicApi/approved.txt:\n{difference}");
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
