using System.Text;
using Sightline.IO;

namespace Sightline.Hub;

/// <summary>
/// The folder in which models of the hub are kept, laid out as Hugging Face's Python client lays it out, so that both find what the other fetched:
/// <c>models--owner--name/blobs/HASH</c> holds the files, <c>snapshots/COMMIT/NAME</c> links to them, <c>refs/REVISION</c> holds a commit, and
/// <c>.locks</c> keeps two processes from writing the same file.
/// </summary>
public sealed class HubCache
{
    private readonly bool? _symbolicLinks;
    private bool? _foundSymbolicLinks;

    /// <summary>Looks at a folder; it need not exist.</summary>
    /// <param name="options">Where the cache is; null means what the environment says.</param>
    public HubCache(HubOptions? options = null)
    {
        options ??= HubOptions.FromEnvironment();
        options.Validate();
        Folder = Path.GetFullPath(options.CacheFolder);
        _symbolicLinks = options.UseSymbolicLinks;
    }

    /// <summary>The cache's folder.</summary>
    public string Folder { get; }

    /// <summary>The folder of a model that is in the cache with all that its parts need; null if it is not.</summary>
    /// <param name="name">The model; its revision is a commit, or a branch or tag that was fetched by this name.</param>
    /// <param name="parts">What is needed.</param>
    public string? Find(HubModelName name, ModelParts parts = ModelParts.All)
    {
        ArgumentNullException.ThrowIfNull(name);
        return CommitOf(name) is { } commit && IsComplete(Snapshot(name, commit), parts) ? Snapshot(name, commit) : null;
    }

    /// <summary>Every model in the cache, also those of other programs, in ordinal order of their names.</summary>
    /// <exception cref="HubException">The folder cannot be read.</exception>
    public IReadOnlyList<CachedModel> List()
    {
        try
        {
            return !Directory.Exists(Folder) ? [] :
            [
                .. new DirectoryInfo(Folder).EnumerateDirectories()
                    .Select(folder => HubModelName.FromFolder(folder.Name) is { } name ? CachedModel.Read(name, folder) : null)
                    .OfType<CachedModel>().OrderBy(model => model.Name.Repository, StringComparer.Ordinal),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HubException($"{Folder}: the cache cannot be read ({e.Message})", e);
        }
    }

    /// <summary>Removes a model from the cache: all of it, or with <paramref name="revision"/> that revision and the blobs that no other one uses.</summary>
    /// <param name="model">The model, from <see cref="List"/>.</param>
    /// <param name="revision">One of its revisions; null: everything.</param>
    /// <returns>The bytes that became free.</returns>
    /// <exception cref="HubException">Something cannot be removed.</exception>
    public long Remove(CachedModel model, CachedRevision? revision = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        try
        {
            var folder = ModelFolder(model.Name);
            if (revision is null || model.Revisions.Count == 1)
            {
                Directory.Delete(folder, recursive: true);
                return model.Bytes;
            }

            foreach (var reference in revision.References)
                File.Delete(ReferencePath(model.Name, reference));
            foreach (var part in new[] { Absences(model.Name, revision.Commit), Snapshot(model.Name, revision.Commit) }.Where(Directory.Exists))
                Directory.Delete(part, recursive: true);
            return model.Bytes - CachedModel.DeleteUnusedBlobs(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HubException($"{model.Name.Repository}: cannot be removed from the cache ({e.Message})", e);
        }
    }

    internal string ModelFolder(HubModelName name) => Path.Combine(Folder, name.FolderName);

    internal string Snapshot(HubModelName name, string commit) => Path.Combine(ModelFolder(name), "snapshots", commit);

    internal string Blob(HubModelName name, string etag) => Path.Combine(ModelFolder(name), "blobs", etag);

    internal string LockFile(HubModelName name, string etag) => Path.Combine(Folder, ".locks", name.FolderName, etag + ".lock");

    /// <summary>The commit that a name stands for, as far as the cache knows.</summary>
    internal string? CommitOf(HubModelName name) => name.IsPinned ? name.Revision : ReadReference(ReferencePath(name, name.Revision));

    /// <summary>Notes which commit a branch or tag stands for.</summary>
    internal void WriteReference(HubModelName name, string commit)
    {
        if (name.Revision == commit || CommitOf(name) == commit)
            return;
        var path = ReferencePath(name, name.Revision);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        AtomicFile.WriteAllText(path, commit);
    }

    /// <summary>Notes files that the repository does not have, so that the Python client need not ask for them.</summary>
    internal void WriteAbsent(HubModelName name, string commit, IEnumerable<string> files)
    {
        var folder = Absences(name, commit);
        foreach (var file in files.Select(file => Path.Combine(folder, file)).Where(file => !File.Exists(file)))
        {
            Directory.CreateDirectory(folder);
            File.WriteAllBytes(file, []);
        }
    }

    /// <summary>Puts a blob into a snapshot: by a relative link, or where there are none by moving the file, or by copying what may be used elsewhere.</summary>
    internal void Link(string blob, string pointer, bool isNewBlob)
    {
        if (IsFile(pointer))
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(pointer)!);
        File.Delete(pointer); // a link to a blob that is gone
        if (HasSymbolicLinks())
        {
            try
            {
                File.CreateSymbolicLink(pointer, Path.GetRelativePath(Path.GetDirectoryName(pointer)!, blob));
            }
            catch (IOException) when (IsFile(pointer))
            {
                // Another process was quicker; its link leads to the same content.
            }
        }
        else if (isNewBlob)
        {
            File.Move(blob, pointer, overwrite: true);
        }
        else
        {
            AtomicFile.Write(pointer, stream =>
            {
                using var source = File.OpenRead(blob);
                source.CopyTo(stream);
            });
        }
    }

    /// <summary>Whether there is a file, or a link that leads to one.</summary>
    internal static bool IsFile(string path) => File.Exists(path) && (File.ResolveLinkTarget(path, returnFinalTarget: true)?.Exists ?? true);

    /// <summary>The commit in a file below <c>refs</c>; null if there is none.</summary>
    internal static string? ReadReference(string path)
    {
        try
        {
            var text = File.Exists(path) ? Encoding.ASCII.GetString(BoundedFile.ReadAllBytes(path, 256)).Trim() : "";
            return HubModelName.IsCommit(text) ? text : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ConfigurationException)
        {
            return null;
        }
    }

    private static bool IsComplete(string snapshot, ModelParts parts)
    {
        if (!Directory.Exists(snapshot) || ModelFiles.Missing(parts, Has) is not null)
            return false;
        if (ModelFiles.Weights(parts, Has) is not { } weights || !ModelFiles.IsIndex(weights))
            return true;
        try
        {
            return ModelFiles.Shards(Path.Combine(snapshot, weights)).All(Has);
        }
        catch (CheckpointException)
        {
            return false;
        }

        bool Has(string file) => IsFile(Path.Combine(snapshot, file));
    }

    private string Absences(HubModelName name, string commit) => Path.Combine(ModelFolder(name), ".no_exist", commit);

    private string ReferencePath(HubModelName name, string revision) => Path.Combine([ModelFolder(name), "refs", .. revision.Split('/')]);

    private bool HasSymbolicLinks() => _symbolicLinks ?? (_foundSymbolicLinks ??= TrySymbolicLink());

    private bool TrySymbolicLink()
    {
        var link = Path.Combine(Folder, $"tmp_{Guid.NewGuid():N}");
        try
        {
            File.CreateSymbolicLink(link, "nothing");
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
        finally
        {
            File.Delete(link);
        }
    }
}
