using Sightline.Hub;
using Xunit;

namespace Sightline.Tests.Hub;

/// <summary>A cache that the Python client made, as its documentation and source lay it out.</summary>
public sealed class HubCacheTests
{
    private const string Commit = "2439f60ef33a0d46d85da5001d52aeda5b00ce9f";
    private const string Other = "bbc77c8132af1cc5cf678da3f1ddf2de43606d48";

    // Nobody listens there.
    private static HubOptions Options(TemporaryFolder folder) => new() { CacheFolder = folder.Root, Endpoint = "http://127.0.0.1:9", RetryDelay = TimeSpan.FromMilliseconds(1) };

    /// <summary>A model as <c>snapshot_download</c> leaves it.</summary>
    private static string Make(TemporaryFolder folder, string checkpoint = "t-base", string repository = "models--owner--model", string commit = Commit, string reference = "main")
    {
        var model = folder[repository];
        foreach (var part in new[] { "blobs", "refs", $"snapshots/{commit}" })
            Directory.CreateDirectory(Path.Combine(model, part));
        foreach (var file in Directory.GetFiles(Fixture.Path("checkpoints", checkpoint)))
        {
            var content = File.ReadAllBytes(file);
            var blob = file.EndsWith(".safetensors", StringComparison.Ordinal) || file.EndsWith(".bin", StringComparison.Ordinal) ? HubServer.Sha256(content) : HubServer.GitSha1(content);
            File.WriteAllBytes(Path.Combine(model, "blobs", blob), content);
            File.CreateSymbolicLink(Path.Combine(model, "snapshots", commit, Path.GetFileName(file)), $"../../blobs/{blob}");
        }

        File.WriteAllText(Path.Combine(model, "refs", reference), commit);
        return Path.Combine(model, "snapshots", commit);
    }

    [Fact]
    public void Load_ModelThatPythonFetched_NeedsNoNetwork()
    {
        using var folder = new TemporaryFolder();
        Make(folder);
        using var expected = Captioner.Load(Fixture.Path("checkpoints", "t-base"));
        foreach (var name in new[] { "owner/model", "owner/model@main", "owner/model@" + Commit })
        {
            using var captioner = Captioner.Load(name, new CaptionerOptions { Hub = Options(folder) });
            var captions = new[] { "shape0.png", "shape2.png" }.Select(picture => Fixture.Path("images", "shapes", picture)).ToList();
            Assert.Equal(expected.Describe(captions).Select(caption => caption.Text), captioner.Describe(captions).Select(caption => caption.Text));
        }
    }

    [Fact]
    public void Locate_FolderOfTheSameName_Wins()
    {
        using var folder = new TemporaryFolder();
        Make(folder);
        var before = Environment.CurrentDirectory;
        var local = Path.GetRelativePath(before, Directory.CreateDirectory(folder["local/owner"]).FullName);
        Assert.Equal(local, ModelSource.Locate(local, options: Options(folder)));
        Assert.EndsWith(Commit, ModelSource.Locate("owner/model", options: Options(folder)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("vocab.json")]
    [InlineData("model.safetensors")]
    public void Find_SomethingMissing_IsNotComplete(string file)
    {
        using var folder = new TemporaryFolder();
        var snapshot = Make(folder);
        Assert.True(HubModelName.TryParse("owner/model", out var name));
        var cache = new HubCache(Options(folder));
        Assert.Equal(snapshot, cache.Find(name));
        File.Delete(Path.Combine(snapshot, file));
        Assert.Null(cache.Find(name));
    }

    [Fact]
    public void Find_LinkToNothing_IsNotComplete()
    {
        using var folder = new TemporaryFolder();
        var snapshot = Make(folder);
        Assert.True(HubModelName.TryParse("owner/model", out var name));
        File.Delete(new FileInfo(Path.Combine(snapshot, "model.safetensors")).ResolveLinkTarget(true)!.FullName);
        Assert.Null(new HubCache(Options(folder)).Find(name));
    }

    [Fact]
    public void Find_ShardMissing_IsNotComplete()
    {
        using var folder = new TemporaryFolder();
        var snapshot = Make(folder, "d-safetensors-sharded");
        Assert.True(HubModelName.TryParse("owner/model", out var name));
        var cache = new HubCache(Options(folder));
        Assert.Equal(snapshot, cache.Find(name, ModelParts.Encoder));
        File.Delete(Directory.GetFiles(snapshot, "model-*.safetensors")[0]);
        Assert.Null(cache.Find(name, ModelParts.Encoder));
    }

    [Theory]
    [InlineData("")]
    [InlineData("../../../x")]
    [InlineData("2439F60EF33A0D46D85DA5001D52AEDA5B00CE9F")]
    [InlineData("2439f60")]
    public void Find_ReferenceIsNoCommit_IsNotThere(string content)
    {
        using var folder = new TemporaryFolder();
        Make(folder);
        Assert.True(HubModelName.TryParse("owner/model", out var name));
        File.WriteAllText(Path.Combine(folder["models--owner--model"], "refs", "main"), content);
        Assert.Null(new HubCache(Options(folder)).Find(name));
    }

    [Fact]
    public async Task Locate_Offline_SaysHowToGetTheModel()
    {
        using var folder = new TemporaryFolder();
        var options = Options(folder) with { Offline = true };
        var e = await Assert.ThrowsAsync<HubException>(() => ModelSource.LocateAsync("owner/model@v2", options: options, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal($"owner/model@v2: no such folder, not complete in the cache {folder.Root}, and offline; run 'sightline pull owner/model@v2' with a network.", e.Message);
        Assert.True(HubModelName.TryParse("owner/model", out var name));
        await Assert.ThrowsAsync<HubException>(() => ModelSource.PullAsync(name, options: options, cancellationToken: TestContext.Current.CancellationToken));
        Make(folder);
        Assert.EndsWith(Commit, await ModelSource.LocateAsync("owner/model", options: options, cancellationToken: TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("path/to/model")]
    [InlineData("./model")]
    [InlineData("model")]
    [InlineData("owner/model@../..")]
    public void Locate_NeitherFolderNorName_SaysHowToNameAModel(string text)
    {
        using var folder = new TemporaryFolder();
        var e = Assert.Throws<ConfigurationException>(() => ModelSource.Locate(text, options: Options(folder)));
        Assert.StartsWith($"{text}: no such folder, and no name of the hub; name a folder", e.Message, StringComparison.Ordinal);
        Assert.Contains("expected to work, but not run here: nlpconnect/vit-gpt2-image-captioning", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void List_NamesSizesAndRevisions()
    {
        using var folder = new TemporaryFolder();
        Make(folder);
        Make(folder, commit: Other, reference: "v2");
        Make(folder, "t-proj", "models--another--model");
        Directory.CreateDirectory(folder["models--gpt2/blobs"]);
        File.WriteAllBytes(Path.Combine(folder["models--gpt2/blobs"], "abc.incomplete"), new byte[17]);
        foreach (var none in new[] { ".locks/models--owner--model", "datasets--owner--data/snapshots", "models--x--..--y", "version.txt--" })
            Directory.CreateDirectory(folder[none]);
        var models = new HubCache(Options(folder)).List();
        Assert.Equal(["another/model", "gpt2", "owner/model"], models.Select(model => model.Name.ToString()));
        var size = Directory.GetFiles(Fixture.Path("checkpoints", "t-base")).Sum(file => new FileInfo(file).Length);
        Assert.Equal(17, models[1].Bytes);
        Assert.Empty(models[1].Revisions);
        var distinct = Directory.GetFiles(folder["models--owner--model/blobs"]).Sum(file => new FileInfo(file).Length);
        Assert.Equal(distinct + 80, models[2].Bytes); // and two references of 40 digits
        Assert.Equal([(Commit, "main", size), (Other, "v2", size)], models[2].Revisions.Select(revision => (revision.Commit, revision.References.Single(), revision.Bytes)));
        Assert.Contains("model.safetensors", models[2].Revisions[0].Files);
        Assert.InRange(models[2].LastModified, DateTime.UtcNow.AddMinutes(-10), DateTime.UtcNow.AddMinutes(1));
    }

    [Fact]
    public void Remove_Revision_KeepsWhatOthersUse()
    {
        using var folder = new TemporaryFolder();
        Make(folder);
        var kept = Make(folder, "t-proj", commit: Other, reference: "v2");
        var cache = new HubCache(Options(folder));
        var model = cache.List().Single();
        var free = cache.Remove(model, model.Revisions[0]);
        Assert.True(HubModelName.TryParse("owner/model", out var name));
        Assert.Null(cache.Find(name));
        Assert.True(HubModelName.TryParse("owner/model@v2", out name));
        Assert.Equal(kept, cache.Find(name));
        var left = cache.List().Single();
        Assert.Equal(model.Bytes - free, left.Bytes);
        Assert.True(free > new FileInfo(Fixture.Path("checkpoints", "t-base", "model.safetensors")).Length);
        Assert.Equal(Directory.GetFiles(kept).Select(file => new FileInfo(file).ResolveLinkTarget(true)!.Name).Distinct().Order(), Directory.GetFiles(folder["models--owner--model/blobs"]).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Remove_Model_RemovesItAlone()
    {
        using var folder = new TemporaryFolder();
        Make(folder);
        Make(folder, "t-proj", "models--another--model");
        var cache = new HubCache(Options(folder));
        var model = cache.List().Single(each => each.Name.Repository == "owner/model");
        Assert.Equal(model.Bytes, cache.Remove(model));
        Assert.Equal(["another/model"], cache.List().Select(each => each.Name.Repository));
    }

    [Fact]
    public void List_NoCache_IsEmpty()
    {
        using var folder = new TemporaryFolder();
        Assert.Empty(new HubCache(Options(folder) with { CacheFolder = folder["nothing"] }).List());
    }
}
