using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Sightline.Generation;
using Sightline.Tests;
using Xunit;

namespace Sightline.Server.Tests;

/// <summary>The npm packages <c>openai</c> and <c>@huggingface/inference</c> against the server.</summary>
public sealed class NodeClientsTests
{
    private static readonly string s_folder = Path.Combine(Fixture.Root, "..", "Sightline.Server.Tests", "clients");

    [Fact]
    public async Task Clients_CaptionAPicture()
    {
        Assert.SkipUnless(Directory.Exists(Path.Combine(s_folder, "node_modules", "openai")), "The npm packages are not installed: npm ci --prefix tests/Sightline.Server.Tests/clients");
        Assert.SkipUnless(HasNode(), "Node is not installed (version 20 or later; on Debian: apt-get install nodejs npm).");
        await using var server = await TestServer.StartAsync();
        var start = new ProcessStartInfo("node", ["caption.mjs", server.Address.ToString().TrimEnd('/'), "t-base", Fixture.Path("images", "shapes", "shape0.png")])
        {
            WorkingDirectory = s_folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await process.WaitForExitAsync(patience.Token);
        Assert.True(process.ExitCode == 0, await errors);
        var results = JsonNode.Parse(await output)!;
        var expected = server.Captioner.Describe(TestServer.Picture).Text;
        var best = server.Captioner.Describe(TestServer.Picture, new GenerationOptions { NumBeams = 2, NumReturnSequences = 2 });
        string[] single = ["huggingFace", "huggingFaceByModel", "openai", "openaiTokens", "openaiStream"];
        Assert.All(single, name => Assert.Equal(expected, (string?)results[name]));
        Assert.Equal([best.Text, best.Alternatives[0].Text], results["openaiChoices"]!.AsArray().Select(text => (string?)text));
        Assert.Equal(["t-base"], results["models"]!.AsArray().Select(text => (string?)text));
        Assert.Equal("""{"status":400,"code":"unsupported_parameter","param":"stop"}""", results["openaiError"]!.ToJsonString());
    }

    private static bool HasNode()
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("node", ["--version"]) { RedirectStandardOutput = true });
            process!.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
