using System.Text;
using System.Text.Json.Nodes;
using Sightline.Hub;
using Xunit;

namespace Sightline.Tests.Hub;

/// <summary>Every way in which the hub can fail: one clear line, nothing half-written, and the next try completes.</summary>
public sealed class HubFailureTests
{
    private const string Token = "hf_secret";

    private static bool IsList(HubRequest request) => request.Path.StartsWith("/api/", StringComparison.Ordinal);

    private static bool IsFile(HubRequest request, string name, string method) => !IsList(request) && request.File == name && request.Method == method;

    private static HubAnswer Listing(params string[] files) => HubAnswer.Json(new JsonObject
    {
        ["sha"] = "0123456789abcdef0123456789abcdef01234567",
        ["siblings"] = new JsonArray([.. files.Select(file => (JsonNode)new JsonObject { ["rfilename"] = file })]),
    });

    private static HubAnswer Described(string etag, string size) => new HubAnswer(200).With("ETag", etag).With("Content-Length", size);

    private static readonly Dictionary<string, (Func<HubServer, HubRequest, HubAnswer?> Answer, string Expected)> s_failures = new()
    {
        ["gated file"] = ((_, request) => IsList(request) ? null : HubAnswer.Error(401, "GatedRepo", "Access to model owner/model is restricted."), "owner/model: gated; accept its conditions at"),
        ["gated list"] = ((_, _) => HubAnswer.Error(401, "GatedRepo", "restricted"), "then give a token with read access (HF_TOKEN"),
        ["forbidden"] = ((_, _) => HubAnswer.Error(403, null, "not for you"), "refuses access (not for you); check the token"),
        ["unauthorized"] = ((_, _) => HubAnswer.Error(401, null, "Invalid username or password."), "no such model on 127.0.0.1:"),
        ["no repository"] = ((_, _) => HubAnswer.Error(404, "RepoNotFound", "Repository not found"), "no such model on 127.0.0.1:"),
        ["no revision"] = ((_, _) => HubAnswer.Error(404, "RevisionNotFound", "Invalid rev id: main"), "has no revision 'main'"),
        ["no file"] = ((_, request) => IsFile(request, "vocab.json", "HEAD") ? HubAnswer.Error(404, "EntryNotFound", "Entry not found") : null, "no file 'vocab.json' on"),
        ["file gone"] = ((_, request) => request.IsStorage ? HubAnswer.Error(404, null, "NoSuchKey") : null, "no file 'model.safetensors' on"),
        ["not found"] = ((_, _) => HubAnswer.Error(404, null, "?"), "check the spelling and HF_ENDPOINT"),
        ["too many requests"] = ((_, _) => HubAnswer.Error(429, null, "slow").With("Retry-After", "3600"), "has had too many requests and asks to wait 3600 seconds"),
        ["too many requests for ever"] = ((_, _) => HubAnswer.Error(429, null, "slow").With("Retry-After", "0"), "has had too many requests"),
        ["server error"] = ((_, _) => HubAnswer.Error(500, null, "Internal"), "failed with status 500 (Internal)"),
        ["storage error"] = ((_, request) => request.IsStorage ? HubAnswer.Error(503, null, "SlowDown") : null, "failed with status 503 (SlowDown)"),
        ["signature too old"] = ((_, request) => request.IsStorage ? HubAnswer.Error(403, null, "AccessDenied") : null, "refuses access (AccessDenied)"),
        ["odd status"] = ((_, _) => HubAnswer.Error(418, null, "teapot"), "answered with status 418"),
        ["endless list"] = ((_, request) => IsList(request) ? new HubAnswer(200) { Body = new byte[1 << 20], IsEndless = true } : null, "list of files is larger than 32 MiB"),
        ["list is a page"] = ((_, request) => IsList(request) ? new HubAnswer(200) { Body = "<html>"u8.ToArray() } : null, "list of files: not valid JSON"),
        ["list is empty"] = ((_, request) => IsList(request) ? new HubAnswer(200) : null, "list of files: the file is empty"),
        ["list is another"] = ((_, request) => IsList(request) ? HubAnswer.Json(new JsonObject { ["id"] = "owner/model" }) : null, "has no commit (sha) or no files (siblings)"),
        ["list breaks off"] = ((_, request) => IsList(request) ? Listing("config.json") with { CutAfter = 10 } : null, "list of files did not arrive"),
        ["commit climbs"] = ((_, request) => IsList(request) ? HubAnswer.Json(new JsonObject { ["sha"] = "../../../../tmp/x", ["siblings"] = new JsonArray() }) : null, "has no commit (sha)"),
        ["entry without a name"] = ((_, request) => IsList(request) ? HubAnswer.Json(new JsonObject { ["sha"] = new string('a', 40), ["siblings"] = new JsonArray(3) }) : null, "an entry without a name"),
        ["name climbs"] = ((_, request) => IsList(request) ? Listing("config.json", "../../evil") : null, "lists a file '../../evil', which is outside its folder"),
        ["name climbs inside"] = ((_, request) => IsList(request) ? Listing("a/../../evil") : null, "lists a file 'a/../../evil'"),
        ["name is absolute"] = ((_, request) => IsList(request) ? Listing("/etc/passwd") : null, "lists a file '/etc/passwd'"),
        ["name has a drive"] = ((_, request) => IsList(request) ? Listing("C:\\evil.dll") : null, "lists a file 'C:"),
        ["name climbs with backslashes"] = ((_, request) => IsList(request) ? Listing("..\\evil") : null, "lists a file '..\\evil'"),
        ["no weights"] = ((_, request) => IsList(request) ? Listing("config.json", "vocab.json", "merges.txt", "tf_model.h5") : null, "the repository has no weights (model.safetensors"),
        ["no tokenizer"] = ((_, request) => IsList(request) ? Listing("config.json", "model.safetensors", "vocab.json") : null, "the repository has no tokenizer (vocab.json"),
        ["other commit"] = ((server, request) => IsFile(request, "config.json", "HEAD") ? Described("\"x\"", "3").With("X-Repo-Commit", new string('f', 40)) : null, "the hub answered for commit"),
        ["no etag"] = ((_, request) => IsFile(request, "config.json", "HEAD") ? new HubAnswer(200).With("Content-Length", "3") : null, "config.json: the hub gives no ETag"),
        ["etag climbs"] = ((_, request) => IsFile(request, "config.json", "HEAD") ? Described("\"../../../evil\"", "3") : null, "config.json: the hub gives the ETag '../../../evil', which is none"),
        ["etag is hidden"] = ((_, request) => IsFile(request, "config.json", "HEAD") ? Described("\"..\"", "3") : null, "which is none"),
        ["size is none"] = ((_, request) => IsFile(request, "config.json", "HEAD") ? Described("\"abc\"", "3").With("X-Linked-Size", "-3") : null, "config.json: the hub gives no size"),
        ["size is huge"] = ((_, request) => IsFile(request, "config.json", "HEAD") ? Described("\"abc\"", "3").With("X-Linked-Size", "99999999999") : null, "the hub announces 99999999999 bytes; at most 67108864"),
        ["size of weights is huge"] = ((server, request) => IsFile(request, "model.safetensors", "HEAD") ? Described($"\"{server.ETag("model.safetensors")}\"", "3").With("X-Linked-Size", "1099511627776") : null, "more bytes,"),
        ["endless file"] = ((_, request) => request.IsStorage ? new HubAnswer(200) { Body = new byte[1 << 16], IsEndless = true } : null, "bytes, but more are sent"),
        ["file is larger"] = ((server, request) => request.IsStorage ? new HubAnswer(200) { Body = new byte[server.Files["model.safetensors"].Length + 1] } : null, "are sent where"),
        ["file is smaller"] = ((_, request) => request.IsStorage ? new HubAnswer(200) { Body = new byte[3] } : null, "but 3 are sent where"),
        ["file is a redirect without a target"] = ((_, request) => request.IsStorage ? new HubAnswer(302) : null, "came with status 302"),
        ["redirects for ever"] = ((server, request) => request.IsStorage ? new HubAnswer(302).With("Location", server.Storage + request.Path) : null, "redirects more than 10 times"),
        ["redirect to a file"] = ((_, request) => request.IsStorage ? new HubAnswer(302).With("Location", "file:///etc/passwd") : null, "redirects to 'file://"),
    };

    public static TheoryData<string> Failures() => [.. s_failures.Keys];

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Failure_IsOneLine_AndTheNextTryCompletes(string failure)
    {
        var stop = TestContext.Current.CancellationToken;
        using var server = new HubServer(Fixture.Path("checkpoints", "t-base"));
        using var cache = new HubCacheFolder();
        Assert.True(HubModelName.TryParse("owner/model", out var name));
        server.Intercept = request => s_failures[failure].Answer(server, request);
        var e = await Assert.ThrowsAsync<HubException>(() => ModelSource.PullAsync(name, ModelParts.All, cache.Options(server), cancellationToken: stop));
        Assert.Contains(s_failures[failure].Expected, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
        Assert.InRange(e.Message.Length, 20, 500);
        cache.AssertWhole(server);
        Assert.Null(new HubCache(cache.Options(server)).Find(name));
        Assert.All(Directory.Exists(cache.Root) ? Directory.GetFileSystemEntries(cache.Root) : [], entry => Assert.Contains(Path.GetFileName(entry), new[] { ".locks", "models--owner--model" }));
        Assert.True(server.BytesSent < 200 << 20, $"{server.BytesSent} bytes were taken");

        server.Intercept = null;
        cache.AssertComplete(server, await ModelSource.PullAsync(name, ModelParts.All, cache.Options(server), cancellationToken: stop));
    }

    [Fact]
    public async Task Failure_TokenWithoutAccess_IsNotPrinted()
    {
        using var server = new HubServer(Fixture.Path("checkpoints", "t-base"));
        using var cache = new HubCacheFolder();
        Assert.True(HubModelName.TryParse("owner/model", out var name));
        foreach (var answer in new[] { HubAnswer.Error(403, "GatedRepo", "restricted"), HubAnswer.Error(403, null, $"the token {Token} is of no use"), HubAnswer.Error(401, null, "?") })
        {
            server.Intercept = _ => answer;
            var e = await Assert.ThrowsAsync<HubException>(() => ModelSource.PullAsync(name, ModelParts.All, cache.Options(server) with { Token = Token }, cancellationToken: TestContext.Current.CancellationToken));
            Assert.DoesNotContain(Token, e.ToString(), StringComparison.Ordinal);
            Assert.Contains("token", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Failure_ShardClimbs_IsRefused()
    {
        var stop = TestContext.Current.CancellationToken;
        using var server = new HubServer(Fixture.Path("checkpoints", "d-safetensors-sharded"));
        using var cache = new HubCacheFolder();
        Assert.True(HubModelName.TryParse("owner/model", out var name));
        foreach (var evil in new[] { "../../evil.safetensors", "/tmp/evil.safetensors", "C:evil.safetensors", "a\\\\b", "sub/x.safetensors", "missing.safetensors" })
        {
            server.Files["model.safetensors.index.json"] = Encoding.UTF8.GetBytes($$$"""{"metadata": {}, "weight_map": {"a": "{{{evil}}}"}}""");
            var e = await Assert.ThrowsAsync<HubException>(() => ModelSource.PullAsync(name, ModelParts.Encoder, cache.Options(server), cancellationToken: stop));
            Assert.Contains(evil == "missing.safetensors" ? "which the repository does not have" : "do not name a file in the same folder", e.Message, StringComparison.Ordinal);
            cache.AssertWhole(server);
        }

        Assert.DoesNotContain(server.Requests, request => request.IsStorage);
    }

    [Fact]
    public async Task Failure_ServerStopped_IsSaidAtOnce()
    {
        var server = new HubServer(Fixture.Path("checkpoints", "t-base"));
        using var cache = new HubCacheFolder();
        var options = cache.Options(server);
        server.Dispose();
        var e = await Assert.ThrowsAsync<HubException>(() => ModelSource.LocateAsync("owner/model", ModelParts.All, options, cancellationToken: TestContext.Current.CancellationToken));
        Assert.StartsWith($"{new Uri(options.Endpoint).Authority}: cannot be reached (", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failure_ServerBreaksAndThenIsGone_Ends()
    {
        using var dying = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        dying.Start();
        using var cache = new HubCacheFolder();
        var options = new HubOptions { Endpoint = $"http://{dying.LocalEndpoint}", CacheFolder = cache.Root, RetryDelay = TimeSpan.FromMilliseconds(20) };
        var failing = Assert.ThrowsAsync<HubException>(() => ModelSource.LocateAsync("owner/model", ModelParts.All, options, cancellationToken: TestContext.Current.CancellationToken));
        for (var i = 0; i < 2; i++)
            (await dying.AcceptTcpClientAsync(TestContext.Current.CancellationToken)).Dispose();
        dying.Stop();
        var e = await failing.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Contains("cannot be reached", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failure_ServerIsSilent_EndsInTime()
    {
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        using var cache = new HubCacheFolder();
        var options = new HubOptions { Endpoint = $"http://{silent.LocalEndpoint}", CacheFolder = cache.Root, Timeout = TimeSpan.FromMilliseconds(200), RetryDelay = TimeSpan.FromMilliseconds(1) };
        var e = await Assert.ThrowsAsync<HubException>(() => ModelSource.LocateAsync("owner/model", ModelParts.All, options, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("cannot be reached (no answer in time)", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failure_CacheCannotBeWritten_IsSaid()
    {
        using var server = new HubServer(Fixture.Path("checkpoints", "t-base"));
        using var cache = new HubCacheFolder();
        await File.WriteAllTextAsync(cache.Root, "a file where the cache should be", TestContext.Current.CancellationToken);
        var e = await Assert.ThrowsAsync<HubException>(() => ModelSource.LocateAsync("owner/model", ModelParts.All, cache.Options(server), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains($"cannot be written into the cache {cache.Root}", e.Message, StringComparison.Ordinal);
    }
}
