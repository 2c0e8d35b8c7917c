using Sightline.Hub;

namespace Sightline.Tests.Hub;

/// <summary>An empty cache for a test, and what must be true of it.</summary>
internal sealed class HubCacheFolder : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("sightline-hub-");

    public string Root => Path.Combine(_root.FullName, "hub");

    /// <summary>The folder of <c>owner/model</c>.</summary>
    public string Model => Path.Combine(Root, "models--owner--model");

    public HubOptions Options(HubServer server) => new()
    {
        Endpoint = server.Endpoint,
        CacheFolder = Root,
        Timeout = TimeSpan.FromSeconds(10),
        RetryDelay = TimeSpan.FromMilliseconds(2),
    };

    public string Snapshot(string commit) => Path.Combine(Model, "snapshots", commit);

    /// <summary>Nothing in the cache is half-written: snapshots hold complete files only, and a blob has the content that its name says.</summary>
    public void AssertWhole(HubServer server)
    {
        var blobs = Path.Combine(Model, "blobs");
        foreach (var blob in Directory.Exists(blobs) ? Directory.GetFiles(blobs).Where(blob => !blob.EndsWith(".incomplete", StringComparison.Ordinal)) : [])
        {
            var content = File.ReadAllBytes(blob);
            Xunit.Assert.Equal(Path.GetFileName(blob), Path.GetFileName(blob).Length == 64 ? HubServer.Sha256(content) : HubServer.GitSha1(content));
        }

        var snapshot = Snapshot(server.Commit);
        foreach (var file in Directory.Exists(snapshot) ? Directory.GetFiles(snapshot) : [])
            Xunit.Assert.Equal(server.Files[Path.GetFileName(file)], File.ReadAllBytes(file));
    }

    /// <summary>Everything of the model that Sightline needs is there.</summary>
    public void AssertComplete(HubServer server, string folder)
    {
        Xunit.Assert.Equal(Snapshot(server.Commit), folder);
        AssertWhole(server);
        Xunit.Assert.Empty(Directory.Exists(Path.Combine(Model, "blobs")) ? Directory.GetFiles(Path.Combine(Model, "blobs"), "*.incomplete") : []);
        using var captioner = Captioner.Load(folder);
        Xunit.Assert.NotEmpty(captioner.Describe(Fixture.Path("images", "shapes", "shape0.png")).Text);
    }

    public void Dispose() => _root.Delete(recursive: true);
}
