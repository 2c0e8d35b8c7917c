using Sightline.Hub;
using Xunit;

namespace Sightline.Tests.Hub;

/// <summary>Fetching a model from a server that behaves as the hub does.</summary>
public sealed class PullTests
{
    private static readonly string s_model = Fixture.Path("checkpoints", "t-base");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static HubModelName Name(string text = "owner/model") => HubModelName.TryParse(text, out var name) ? name : throw new ArgumentException(text);

    private static Task<string> PullAsync(HubServer server, HubCacheFolder cache, string name = "owner/model", ModelParts parts = ModelParts.All) =>
        ModelSource.PullAsync(Name(name), parts, cache.Options(server), cancellationToken: Stop);

    private static async Task<string> FailsAsync(HubServer server, HubCacheFolder cache, HubOptions? options = null)
    {
        var e = await Assert.ThrowsAsync<HubException>(() => ModelSource.PullAsync(Name(), ModelParts.All, options ?? cache.Options(server), cancellationToken: Stop));
        Assert.DoesNotContain('\n', e.Message);
        return e.Message;
    }

    [Fact]
    public async Task Pull_EmptyCache_IsLaidOutAsThePythonClientDoes()
    {
        using var server = new HubServer(s_model);
        foreach (var leftover in new[] { "README.md", ".gitattributes", "training_args.bin", "optimizer.pt", "pytorch_model.bin", "tf_model.h5", "runs/events.out.tfevents.1" })
            server.Files[leftover] = [1, 2, 3];
        using var cache = new HubCacheFolder();
        cache.AssertComplete(server, await PullAsync(server, cache));

        string[] wanted = ["config.json", "generation_config.json", "merges.txt", "model.safetensors", "preprocessor_config.json", "special_tokens_map.json", "tokenizer_config.json", "vocab.json"];
        Assert.Equal(wanted, Directory.GetFiles(cache.Snapshot(server.Commit)).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(wanted.Select(server.ETag).Distinct().Order(StringComparer.Ordinal), Directory.GetFiles(Path.Combine(cache.Model, "blobs")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.All(wanted, file => Assert.Equal($"../../blobs/{server.ETag(file)}", new FileInfo(Path.Combine(cache.Snapshot(server.Commit), file)).LinkTarget));
        Assert.Equal(server.Commit, await File.ReadAllTextAsync(Path.Combine(cache.Model, "refs", "main"), Stop));
        Assert.Equal(wanted.Select(file => server.ETag(file) + ".lock").Distinct().Order(StringComparer.Ordinal), Directory.GetFiles(Path.Combine(cache.Root, ".locks", "models--owner--model")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(["added_tokens.json", "processor_config.json", "tokenizer.json"], Directory.GetFiles(Path.Combine(cache.Model, ".no_exist", server.Commit)).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal([".locks", "models--owner--model"], Directory.GetFileSystemEntries(cache.Root).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(["GET /api/models/owner/model/revision/main"], server.Requests.Where(request => request.Path.StartsWith("/api", StringComparison.Ordinal)).Select(request => $"{request.Method} {request.Path}"));
        Assert.Equal(wanted, server.Requests.Where(request => request.Method == "HEAD").Select(request => request.File).Order(StringComparer.Ordinal));
        Assert.All(server.Requests.Where(request => request.Method == "HEAD"), request => Assert.StartsWith($"/owner/model/resolve/{server.Commit}/", request.Path, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Pull_Again_FetchesNothing()
    {
        using var server = new HubServer(s_model);
        using var cache = new HubCacheFolder();
        var folder = await PullAsync(server, cache);
        server.Requests.Clear();
        Assert.Equal(folder, await PullAsync(server, cache));
        Assert.Equal(["/api/models/owner/model/revision/main"], server.Requests.Select(request => request.Path));
    }

    [Fact]
    public async Task Pull_NewCommit_FetchesWhatChanged()
    {
        using var server = new HubServer(s_model);
        using var cache = new HubCacheFolder();
        var old = await PullAsync(server, cache);
        server.Requests.Clear();
        server.Commit = new string('a', 40);
        server.Files["generation_config.json"] = "{\"num_beams\": 3}"u8.ToArray();
        var folder = await PullAsync(server, cache);
        Assert.NotEqual(old, folder);
        cache.AssertComplete(server, folder);
        Assert.Equal(["generation_config.json"], server.Requests.Where(request => request.Method == "GET" && request.Path.Contains("/resolve/", StringComparison.Ordinal)).Select(request => request.File));
        Assert.Equal(folder, new HubCache(cache.Options(server)).Find(Name()));
        Assert.Equal(old, new HubCache(cache.Options(server)).Find(Name("owner/model@0123456789abcdef0123456789abcdef01234567")));
    }

    [Fact]
    public async Task Pull_Revision_IsPinnedAndRemembered()
    {
        using var server = new HubServer(s_model) { References = { ["refs/pr/1"] = new string('b', 40), ["v1.0"] = new string('c', 40) } };
        using var cache = new HubCacheFolder();
        Assert.Equal(cache.Snapshot(new string('b', 40)), await PullAsync(server, cache, "owner/model@refs/pr/1"));
        Assert.Equal(cache.Snapshot(new string('c', 40)), await PullAsync(server, cache, "owner/model@v1.0"));
        Assert.Equal(cache.Snapshot(new string('c', 40)), await PullAsync(server, cache, "owner/model@" + new string('c', 40)));
        Assert.Contains(server.Requests, request => request.Path == "/api/models/owner/model/revision/refs%2Fpr%2F1");
        Assert.Equal(new string('b', 40), await File.ReadAllTextAsync(Path.Combine(cache.Model, "refs", "refs", "pr", "1"), Stop));
        Assert.False(File.Exists(Path.Combine(cache.Model, "refs", new string('c', 40))));
        Assert.Null(new HubCache(cache.Options(server)).Find(Name()));
    }

    [Theory]
    [InlineData("d-safetensors-sharded", "model.safetensors.index.json")]
    [InlineData("d-bin-sharded", "pytorch_model.bin.index.json")]
    [InlineData("b-bin-zip", "pytorch_model.bin")]
    public async Task Pull_FormOfWeights_IsFound(string checkpoint, string weights)
    {
        var source = Fixture.Path("checkpoints", checkpoint);
        using var server = new HubServer(source);
        using var cache = new HubCacheFolder();
        var folder = await PullAsync(server, cache, parts: ModelParts.Encoder);
        cache.AssertWhole(server);
        Assert.True(File.Exists(Path.Combine(folder, weights)));
        using var fetched = Sightline.Checkpoints.Checkpoint.Open(folder);
        using var original = Sightline.Checkpoints.Checkpoint.Open(source);
        Assert.Equal(original.Tensors.Keys.Order(), fetched.Tensors.Keys.Order());
        Assert.NotEmpty(fetched.Tensors);
        Assert.Equal(folder, new HubCache(cache.Options(server)).Find(Name(), ModelParts.Encoder));
    }

    [Fact]
    public async Task Pull_PartsOfAModel_FetchesNoOther()
    {
        using var server = new HubServer(s_model);
        using var cache = new HubCacheFolder();
        var folder = await PullAsync(server, cache, parts: ModelParts.Tokenizer);
        Assert.Equal(["merges.txt", "special_tokens_map.json", "tokenizer_config.json", "vocab.json"], Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Null(new HubCache(cache.Options(server)).Find(Name()));
        cache.AssertComplete(server, await PullAsync(server, cache));
    }

    [Fact]
    public async Task Token_RedirectToAnotherHost_StaysAtTheHub()
    {
        using var server = new HubServer(s_model) { Token = "hf_secret" };
        using var cache = new HubCacheFolder();
        var folder = await ModelSource.PullAsync(Name(), ModelParts.All, cache.Options(server) with { Token = "hf_secret" }, cancellationToken: Stop);
        cache.AssertComplete(server, folder);
        Assert.All(server.Requests.Where(request => !request.IsStorage), request => Assert.Equal("Bearer hf_secret", request.Header("Authorization")));
        var stored = server.Requests.Where(request => request.IsStorage).ToList();
        Assert.Single(stored);
        Assert.All(stored, request => Assert.DoesNotContain(request.Headers, header => header.Value.Contains("secret", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Token_OtherHostRedirectsBack_IsNotSentAgain()
    {
        using var server = new HubServer(s_model);
        server.Intercept = request => request switch
        {
            { IsStorage: true } => new HubAnswer(302).With("Location", $"{server.Endpoint}/back?{request.Path.Split('?')[1]}"),
            _ when request.Path.StartsWith("/back", StringComparison.Ordinal) => new HubAnswer(200) { Body = server.Files["model.safetensors"] },
            _ => null,
        };
        using var cache = new HubCacheFolder();
        cache.AssertComplete(server, await ModelSource.PullAsync(Name(), ModelParts.All, cache.Options(server) with { Token = "hf_secret" }, cancellationToken: Stop));
        Assert.Null(Assert.Single(server.Requests, request => request.Path.StartsWith("/back", StringComparison.Ordinal)).Header("Authorization"));
    }

    [Fact]
    public async Task Redirect_OnTheSameHost_IsFollowedWithTheToken()
    {
        using var server = new HubServer(s_model) { Repository = "owner/renamed", Token = "hf_secret" };
        // A renamed repository, as the hub answers for it, and its cache of small files.
        server.Intercept = request => request.Path.Contains("/owner/model/", StringComparison.Ordinal) ? new HubAnswer(307).With("Location", request.Path.Replace("/owner/model/", "/owner/renamed/", StringComparison.Ordinal)) : null;
        using var cache = new HubCacheFolder();
        cache.AssertComplete(server, await ModelSource.PullAsync(Name(), ModelParts.All, cache.Options(server) with { Token = "hf_secret" }, cancellationToken: Stop));
    }

    [Fact]
    public async Task Pull_ConnectionsBreakAtRandomBytes_GoesOnWhereItStopped()
    {
        for (var seed = 0; seed < 12; seed++)
        {
            var random = new Random(seed);
            var breaks = 0;
            using var server = new HubServer(s_model);
            server.Alter = (request, answer) =>
            {
                lock (random)
                {
                    if (request.Method != "GET" || answer.Body.Length == 0 || breaks >= 3 || random.Next(2) == 0)
                        return answer;
                    breaks++;
                    return answer with { CutAfter = random.Next(answer.Body.Length) };
                }
            };
            using var cache = new HubCacheFolder();
            cache.AssertComplete(server, await PullAsync(server, cache));
            Assert.True(breaks > 0, $"seed {seed}: nothing broke");
        }
    }

    [Fact]
    public async Task Pull_StorageBreaksAgainAndAgain_TheNextTryTakesUpWhatIsThere()
    {
        using var server = new HubServer(s_model);
        var size = server.Files["model.safetensors"].Length;
        server.Alter = (request, answer) => request.IsStorage ? answer with { CutAfter = 1000 } : answer;
        using var cache = new HubCacheFolder();
        var message = await FailsAsync(server, cache);
        Assert.Contains($"model.safetensors broke off 5 times, 5000 of {size} bytes are here", message, StringComparison.Ordinal);
        cache.AssertWhole(server);
        Assert.False(File.Exists(Path.Combine(cache.Snapshot(server.Commit), "model.safetensors")));
        Assert.Equal(5000, new FileInfo(Path.Combine(cache.Model, "blobs", server.ETag("model.safetensors") + ".incomplete")).Length);

        server.Alter = null;
        server.Requests.Clear();
        cache.AssertComplete(server, await PullAsync(server, cache));
        Assert.Equal("bytes=5000-", Assert.Single(server.Requests, request => request.IsStorage).Header("Range"));
    }

    [Theory]
    [InlineData(200)]
    [InlineData(416)]
    [InlineData(206)]
    public async Task Pull_ServerWithoutRanges_BeginsAnew(int status)
    {
        using var server = new HubServer(s_model);
        var content = server.Files["model.safetensors"];
        using var cache = new HubCacheFolder();
        Directory.CreateDirectory(Path.Combine(cache.Model, "blobs"));
        await File.WriteAllBytesAsync(Path.Combine(cache.Model, "blobs", server.ETag("model.safetensors") + ".incomplete"), content[..777], Stop);
        server.Intercept = request => (request.IsStorage, request.RangeStart, status) switch
        {
            (true, not null, 200) => new HubAnswer(200) { Body = content },
            (true, not null, 416) => new HubAnswer(416),
            (true, not null, _) => new HubAnswer(206) { Body = content }.With("Content-Range", $"bytes 0-{content.Length - 1}/{content.Length}"), // another range than was asked for
            _ => null,
        };
        cache.AssertComplete(server, await PullAsync(server, cache));
        Assert.Contains(server.Requests, request => request.Header("Range") == "bytes=777-");
    }

    [Fact]
    public async Task Pull_EarlierTryLeftDamage_IsNoticedAndFetchedAnew()
    {
        using var server = new HubServer(s_model);
        using var cache = new HubCacheFolder();
        Directory.CreateDirectory(Path.Combine(cache.Model, "blobs"));
        await File.WriteAllBytesAsync(Path.Combine(cache.Model, "blobs", server.ETag("model.safetensors") + ".incomplete"), new byte[5000], Stop);
        await File.WriteAllBytesAsync(Path.Combine(cache.Model, "blobs", server.ETag("vocab.json") + ".incomplete"), new byte[10_000_000], Stop);
        cache.AssertComplete(server, await PullAsync(server, cache));
        Assert.Equal(2, server.Requests.Count(request => request.IsStorage));
    }

    [Theory]
    [InlineData("model.safetensors", "SHA-256")]
    [InlineData("config.json", "git's SHA-1")]
    public async Task Pull_WrongHash_ThrowsTheFileAway(string file, string hash)
    {
        using var server = new HubServer(s_model);
        server.Alter = (request, answer) =>
        {
            if (request.Method != "GET" || request.File != file || answer.Body.Length == 0)
                return answer;
            var damaged = (byte[])answer.Body.Clone();
            damaged[^1] ^= 1;
            return answer with { Body = damaged };
        };
        using var cache = new HubCacheFolder();
        var message = await FailsAsync(server, cache);
        Assert.Contains($"{file} arrived with {hash} ", message, StringComparison.Ordinal);
        Assert.Contains($"the hub announced {server.ETag(file)}", message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(cache.Model, "blobs", server.ETag(file))));
        cache.AssertWhole(server);
        Assert.Null(new HubCache(cache.Options(server)).Find(Name()));
        server.Alter = null;
        cache.AssertComplete(server, await PullAsync(server, cache));
    }

    [Fact]
    public async Task Pull_TooManyRequests_WaitsAsLongAsAsked()
    {
        using var server = new HubServer(s_model);
        var refused = 0;
        server.Intercept = request => request.File == "vocab.json" && Interlocked.Increment(ref refused) == 1 ? HubAnswer.Error(429, null, "slow down").With("Retry-After", "1") : null;
        using var cache = new HubCacheFolder();
        cache.AssertComplete(server, await PullAsync(server, cache));
        var times = server.Requests.Where(request => request.File == "vocab.json").Select(request => request.Time).Take(2).ToList();
        Assert.True(times[1] - times[0] >= TimeSpan.FromSeconds(0.95), $"asked again after {times[1] - times[0]}");
    }

    [Fact]
    public async Task Pull_SeveralAtOnce_FetchEveryFileOnce()
    {
        using var server = new HubServer(s_model);
        using var cache = new HubCacheFolder();
        var folders = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PullAsync(server, cache)));
        Assert.All(folders, folder => cache.AssertComplete(server, folder));
        Assert.Single(server.Requests, request => request.IsStorage);
    }

    [Fact]
    public async Task Pull_NoSymbolicLinks_PutsTheFilesIntoTheSnapshot()
    {
        using var server = new HubServer(s_model);
        using var cache = new HubCacheFolder();
        var options = cache.Options(server) with { UseSymbolicLinks = false };
        var folder = await ModelSource.PullAsync(Name(), ModelParts.All, options, cancellationToken: Stop);
        cache.AssertComplete(server, folder);
        Assert.All(Directory.GetFiles(folder), file => Assert.Null(new FileInfo(file).LinkTarget));
        Assert.Empty(Directory.GetFiles(Path.Combine(cache.Model, "blobs")));
        server.Requests.Clear();
        Assert.Equal(folder, await ModelSource.PullAsync(Name(), ModelParts.All, options, cancellationToken: Stop));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Pull_Cancelled_LeavesNothingHalfAndGoesOn()
    {
        using var server = new HubServer(s_model);
        using var cache = new HubCacheFolder();
        using var stop = new CancellationTokenSource();
        server.Intercept = request =>
        {
            if (request.IsStorage)
                stop.Cancel();
            return null;
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ModelSource.PullAsync(Name(), ModelParts.All, cache.Options(server), cancellationToken: stop.Token));
        cache.AssertWhole(server);
        Assert.Null(new HubCache(cache.Options(server)).Find(Name()));
        server.Intercept = null;
        cache.AssertComplete(server, await PullAsync(server, cache));
    }

    [Fact]
    public async Task Progress_AddsUpToTheSizes()
    {
        using var server = new HubServer(s_model);
        using var cache = new HubCacheFolder();
        var news = new Collected();
        await ModelSource.PullAsync(Name(), ModelParts.All, cache.Options(server), news, Stop);
        var total = server.Files.Values.Sum(content => (long)content.Length);
        Assert.All(news.All, each => Assert.Equal(total, each.TotalBytes));
        Assert.Equal(total, news.All.Max(each => each.Bytes));
        Assert.Equal(server.Files.Keys.Order(StringComparer.Ordinal), news.All.Where(each => each.IsDone).Select(each => each.File).Order(StringComparer.Ordinal));
        Assert.All(news.All.Where(each => each.IsDone), each => Assert.Equal((server.Files[each.File].Length, each.FileSize), (each.FileBytes, each.FileSize)));
    }

    private sealed class Collected : IProgress<HubProgress>
    {
        public List<HubProgress> All { get; } = [];

        public void Report(HubProgress value)
        {
            lock (All)
                All.Add(value);
        }
    }
}
