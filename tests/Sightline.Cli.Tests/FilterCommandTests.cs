using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Sightline.Tests;
using Xunit;

namespace Sightline.Cli.Tests;

public sealed class FilterCommandTests
{
    private static readonly string s_model = Fixture.Path("checkpoints", "t-base");

    [Fact]
    public async Task Filter_LinesOfEveryKind_GiveALineEachInOrder()
    {
        var base64 = Convert.ToBase64String(await File.ReadAllBytesAsync(Fixture.Path("images", "shapes", "shape2.png"), TestContext.Current.CancellationToken));
        string[] lines =
        [
            "images/shapes/shape0.png", "{\"image\":\"images/shapes/shape1.png\",\"id\":17}", $"{{\"id\":\"b\",\"bytes\":\"{base64}\"}}", "images/nothing.png", "{\"id\":\"x\"}", "{",
            "{\"id\":\"y\",\"bytes\":\"!\"}", "{\"id\":\"z\",\"bytes\":\"aGVsbG8=\"}", "images/shapes/shape3.png",
        ];
        var result = await Command.RunAsync(["filter", "--model", s_model], folder: null, Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal(["images/shapes/shape0.png", "17", "b", "images/nothing.png", "x", "line 6", "y", "z", "images/shapes/shape3.png"], result.Json.Select(line => line["id"]!.GetValue<string>()));
        var captions = await Command.RunAsync(["caption", .. Enumerable.Range(0, 4).Select(i => $"images/shapes/shape{i}.png"), "--model", s_model]);
        Assert.Equal(captions.Lines.Select(line => line.Split('\t')[1]), result.Json.Select(line => (string?)line["text"]).OfType<string>());
        Assert.Equal(5, result.Json.Count(line => line.ContainsKey("error")));
        Assert.Contains("neither 'image'", result.Json[4]["error"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Filter_AnswerAwaitedBeforeTheNextLine_Comes()
    {
        using var process = Command.Start(["filter", "--model", s_model, "--batch", "8"]);
        for (var i = 0; i < 3; i++)
        {
            await process.StandardInput.WriteAsync($"images/shapes/shape{i}.png\n");
            await process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
            var answer = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            Assert.Equal($"images/shapes/shape{i}.png", JsonNode.Parse(answer!)!["id"]!.GetValue<string>());
        }

        process.StandardInput.Close();
        Assert.Equal(0, (await Command.FinishAsync(process)).ExitCode);
    }

    [Fact]
    public async Task Filter_InterruptedWhileItWaits_Stops()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent with kill.");
        using var process = Command.Start(["filter", "--model", s_model]);
        await process.StandardInput.WriteAsync("images/shapes/shape0.png\n");
        await process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        Assert.NotNull(await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        using var kill = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        var result = await Command.FinishAsync(process);
        Assert.Equal(130, result.ExitCode);
        Assert.Equal(["sightline: stopped."], result.ErrorLines);
    }
}
