using System.Text.Json.Nodes;
using Sightline.Tests;
using Sightline.Tests.Hub;
using Xunit;

namespace Sightline.Cli.Tests;

/// <summary>Models by name, as a user meets them.</summary>
public sealed class HubCommandTests : IDisposable
{
    private const string Token = "hf_secret";
    private static readonly string s_picture = Fixture.Path("images", "shapes", "shape0.png");

    private readonly TemporaryFolder _folder = new();
    private readonly HubServer _server = new(Fixture.Path("checkpoints", "t-base")) { Token = Token };

    public void Dispose()
    {
        _server.Dispose();
        _folder.Dispose();
    }

    private string Cache => _folder.At("home", "hub");

    private Dictionary<string, string?> Environment(params (string Name, string? Value)[] more)
    {
        var environment = new Dictionary<string, string?> { ["HF_HOME"] = _folder.At("home"), ["HF_ENDPOINT"] = _server.Endpoint, ["HF_TOKEN"] = Token, ["HF_HUB_CACHE"] = null, ["HF_HUB_OFFLINE"] = null, ["SIGHTLINE_MODEL"] = null, ["HTTP_PROXY"] = null, ["NO_PROXY"] = "127.0.0.1,localhost" };
        foreach (var (name, value) in more)
            environment[name] = value;
        return environment;
    }

    [Fact]
    public async Task FreshUser_PullsCaptionsAndCaptionsWithoutTheServer()
    {
        var expected = await Command.RunAsync("caption", s_picture, "--model", Fixture.Path("checkpoints", "t-base"));
        var pulled = await Command.RunAsync(Environment(), "pull", "owner/model");
        Assert.Equal(0, pulled.ExitCode);
        var snapshot = Path.Combine(Cache, "models--owner--model", "snapshots", _server.Commit);
        Assert.Equal([snapshot], pulled.Lines);
        Assert.Equal($"sightline: fetching owner/model from {new Uri(_server.Endpoint).Authority}.", pulled.ErrorLines[0]);
        Assert.Equal(_server.Files.Keys.Order(StringComparer.Ordinal), pulled.ErrorLines.Skip(1).Select(line => line.Split(' ')[1]).Order(StringComparer.Ordinal));
        Assert.All(pulled.ErrorLines.Skip(1), line => Assert.EndsWith(") is here.", line, StringComparison.Ordinal));

        _server.Requests.Clear();
        var captioned = await Command.RunAsync(Environment(), "caption", s_picture, "--model", "owner/model");
        Assert.Equal((0, expected.Output, ""), (captioned.ExitCode, captioned.Output, captioned.Error));
        Assert.Empty(_server.Requests); // what is cached needs no network

        _server.Dispose();
        foreach (var environment in new[] { Environment(), Environment(("HF_HUB_OFFLINE", "1")) })
        {
            var again = await Command.RunAsync(environment, "caption", s_picture, "--model", "owner/model");
            Assert.Equal((0, expected.Output, ""), (again.ExitCode, again.Output, again.Error));
        }

        var failed = await Command.RunAsync(Environment(), "pull", "owner/model");
        Assert.Equal(1, failed.ExitCode);
        Assert.Contains("cannot be reached", failed.ErrorLines[1], StringComparison.Ordinal);
        Assert.Equal(2, failed.ErrorLines.Length);
        Assert.Equal(expected.Output, (await Command.RunAsync(Environment(), "caption", s_picture, "--model", "owner/model")).Output);
    }

    [Fact]
    public async Task Caption_NameNotCached_FetchesIt()
    {
        var result = await Command.RunAsync(Environment(("SIGHTLINE_MODEL", "owner/model")), "caption", s_picture);
        Assert.Equal(0, result.ExitCode);
        Assert.Equal((await Command.RunAsync("caption", s_picture, "--model", Fixture.Path("checkpoints", "t-base"))).Output, result.Output);
        Assert.Equal(0, (await Command.RunAsync(Environment(), "inspect", "owner/model", "--offline")).ExitCode);
        Assert.Equal(0, (await Command.RunAsync(Environment(), "convert", "owner/model", _folder.At("converted"), "--offline", "--dtype", "bf16")).ExitCode);
        Assert.False(new FileInfo(_folder.At("converted", "vocab.json")).LinkTarget is not null);
    }

    [Fact]
    public async Task Caption_OfflineAndNotCached_SaysSo()
    {
        var result = await Command.RunAsync(Environment(), "caption", s_picture, "--model", "owner/model", "--offline");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("offline; run 'sightline pull owner/model'", result.ErrorLines.Single(), StringComparison.Ordinal);
        Assert.Empty(_server.Requests);
    }

    [Fact]
    public async Task Caption_NoModel_NamesSome()
    {
        var result = await Command.RunAsync(Environment(), "caption", s_picture);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("--model is missing; name a folder", result.Error, StringComparison.Ordinal);
        Assert.Contains("(expected to work, but not run here: nlpconnect/vit-gpt2-image-captioning, ydshieh/vit-gpt2-coco-en, gagan3012/ViTGPT2_vizwiz), or set SIGHTLINE_MODEL.", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pull_NoAccess_IsOneLineWithoutTheToken()
    {
        _server.Token = "hf_another";
        var result = await Command.RunAsync(Environment(), "pull", "owner/model", "--verbose");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("owner/model: gated, and the account of the token that was sent has no access", result.ErrorLines[1], StringComparison.Ordinal);
        Assert.DoesNotContain(Token, result.Error + result.Output, StringComparison.Ordinal);
        _server.Token = Token;
        Assert.Equal(0, (await Command.RunAsync(Environment(), "pull", "owner/model")).ExitCode);
    }

    [Fact]
    public async Task Pull_TwoProcessesAtOnce_FetchEveryFileOnce()
    {
        var gate = new ManualResetEventSlim();
        _server.Intercept = request =>
        {
            if (request.Path.StartsWith("/api", StringComparison.Ordinal) && _server.Requests.Count(each => each.Path == request.Path) == 2)
                gate.Set();
            gate.Wait(TimeSpan.FromSeconds(60)); // both have begun
            return null;
        };
        var results = await Task.WhenAll(Command.RunAsync(Environment(), "pull", "owner/model"), Command.RunAsync(Environment(), "pull", "owner/model"));
        Assert.All(results, result => Assert.Equal(0, result.ExitCode));
        Assert.Equal(results[0].Output, results[1].Output);
        Assert.Single(_server.Requests, request => request.IsStorage);
        Assert.Equal(0, (await Command.RunAsync(Environment(), "caption", s_picture, "--model", "owner/model", "--offline")).ExitCode);
    }

    [Fact]
    public async Task Pull_ProcessKilled_TheNextOneGoesOn()
    {
        const int Half = 100_000;
        var partial = Path.Combine(Cache, "models--owner--model", "blobs", _server.ETag("model.safetensors") + ".incomplete");
        var stall = new ManualResetEventSlim();
        // Half of the file, and then silence.
        _server.Alter = (request, answer) => request.IsStorage && request.RangeStart is null ? answer with { CutAfter = Half } : answer;
        _server.Intercept = request =>
        {
            if (request.IsStorage && request.RangeStart is not null)
                stall.Wait(TimeSpan.FromSeconds(60));
            return null;
        };
        using (var process = Command.Start(["pull", "owner/model"], environment: Environment()))
        {
            for (var i = 0; i < 600 && !(File.Exists(partial) && new FileInfo(partial).Length == Half); i++)
                await Task.Delay(100, TestContext.Current.CancellationToken);
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(Half, new FileInfo(partial).Length);
        stall.Set();
        _server.Requests.Clear();
        Assert.Equal(0, (await Command.RunAsync(Environment(), "pull", "owner/model")).ExitCode);
        Assert.Equal($"bytes={Half}-", Assert.Single(_server.Requests, request => request.IsStorage).Header("Range"));
        Assert.False(File.Exists(partial));
    }

    [Fact]
    public async Task Pull_Proxy_GetsTheRequests()
    {
        _server.Intercept = request => request.Path.StartsWith("http://hub.invalid/", StringComparison.Ordinal) ? HubAnswer.Error(404, "RepoNotFound", "through the proxy") : null;
        var result = await Command.RunAsync(Environment(("HF_ENDPOINT", "http://hub.invalid"), ("HTTP_PROXY", _server.Endpoint)), "pull", "owner/model");
        Assert.Contains("no such model on hub.invalid", result.ErrorLines[1], StringComparison.Ordinal);
        Assert.Equal("http://hub.invalid/api/models/owner/model/revision/main", Assert.Single(_server.Requests).Path);
    }

    [Fact]
    public async Task Models_ListsAndRemoves()
    {
        Assert.Equal((0, "", ""), await RunAsync("models"));
        await Command.RunAsync(Environment(), "pull", "owner/model");
        var (_, line, _) = await RunAsync("models");
        Assert.StartsWith("owner/model\t", line, StringComparison.Ordinal);
        Assert.EndsWith($" KB\t{_server.Commit[..12]} (main)\n", line, StringComparison.Ordinal);
        var json = JsonNode.Parse((await RunAsync("models", "--json")).Output)!;
        Assert.Equal("owner/model", json["name"]!.GetValue<string>());
        Assert.Equal(_server.Files.Keys.Order(StringComparer.Ordinal), json["revisions"]![0]!["files"]!.AsArray().Select(file => file!.GetValue<string>()));
        Assert.Contains("no such revision in the cache", (await RunAsync("models", "--remove", "owner/model@v3")).Error, StringComparison.Ordinal);
        Assert.Contains("not in the cache", (await RunAsync("models", "--remove", "owner/other")).Error, StringComparison.Ordinal);
        Assert.StartsWith("owner/model: removed, ", (await RunAsync("models", "--remove", "owner/model")).Output, StringComparison.Ordinal);
        Assert.Equal((0, "", ""), await RunAsync("models"));

        async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
        {
            var result = await Command.RunAsync(Environment(), arguments);
            return (result.ExitCode, result.Output, result.Error);
        }
    }

    [Fact]
    public async Task Push_WritesAndPrintsCommands_AndSendsNothing()
    {
        var model = _folder.Take("checkpoints/t-base");
        File.WriteAllText(Path.Combine(model, "optimizer.pt"), "x");
        var result = await Command.RunAsync(Environment(), "push", model, "owner/new", "--license", "apache-2.0", "--base-model", "a/b", "--base-model", "c/d");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(["hf auth login", $"hf upload owner/new {model} ."], result.Lines);
        Assert.Equal(3, result.ErrorLines.Length);
        Assert.Contains("not part of the model, but uploaded with it: optimizer.pt.", result.ErrorLines[2], StringComparison.Ordinal);
        Assert.Contains("base_model:\n- a/b\n- c/d\n", await File.ReadAllTextAsync(Path.Combine(model, "README.md"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(model, ".gitattributes")));
        Assert.Empty(_server.Requests);
        Assert.Equal(1, (await Command.RunAsync(Environment(), "push", _folder.At("nothing"), "owner/new")).ExitCode);
    }
}
