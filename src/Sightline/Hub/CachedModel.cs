namespace Sightline.Hub;

/// <summary>A model in the cache.</summary>
public sealed record CachedModel
{
    private CachedModel(HubModelName name, IReadOnlyList<CachedRevision> revisions, long bytes, DateTime lastModified) =>
        (Name, Revisions, Bytes, LastModified) = (name, revisions, bytes, lastModified);

    /// <summary>Its name, without a revision.</summary>
    public HubModelName Name { get; }

    /// <summary>Its states, in ordinal order of their commits.</summary>
    public IReadOnlyList<CachedRevision> Revisions { get; }

    /// <summary>The bytes that it takes on the disk, downloads that are not finished included.</summary>
    public long Bytes { get; }

    /// <summary>When the newest of its files was written, in UTC.</summary>
    public DateTime LastModified { get; }

    internal static CachedModel Read(HubModelName name, DirectoryInfo folder)
    {
        var references = References(Path.Combine(folder.FullName, "refs"));
        var snapshots = new DirectoryInfo(Path.Combine(folder.FullName, "snapshots"));
        List<CachedRevision> revisions = snapshots.Exists
            ? [.. snapshots.EnumerateDirectories().Where(snapshot => HubModelName.IsCommit(snapshot.Name)).OrderBy(snapshot => snapshot.Name, StringComparer.Ordinal).Select(snapshot => Revision(snapshot, references))]
            : [];
        var files = RealFiles(folder).ToList();
        return new CachedModel(name, revisions, files.Sum(file => file.Length), files.Select(file => file.LastWriteTimeUtc).Append(DateTime.UnixEpoch).Max());
    }

    /// <summary>Deletes blobs that no snapshot links to; returns the bytes of all that is left.</summary>
    internal static long DeleteUnusedBlobs(string folder)
    {
        var used = Directory.EnumerateFiles(Path.Combine(folder, "snapshots"), "*", SearchOption.AllDirectories)
            .Select(file => File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName).OfType<string>().ToHashSet(StringComparer.Ordinal);
        foreach (var blob in new DirectoryInfo(Path.Combine(folder, "blobs")) is { Exists: true } blobs ? blobs.EnumerateFiles() : [])
        {
            if (!used.Contains(blob.FullName))
                blob.Delete();
        }

        return RealFiles(new DirectoryInfo(folder)).Sum(file => file.Length);
    }

    private static CachedRevision Revision(DirectoryInfo snapshot, ILookup<string, string> references)
    {
        var files = snapshot.EnumerateFiles("*", SearchOption.AllDirectories).Select(file => (Name: Path.GetRelativePath(snapshot.FullName, file.FullName), Size: Size(file))).OrderBy(file => file.Name, StringComparer.Ordinal).ToList();
        return new CachedRevision(snapshot.Name, [.. references[snapshot.Name].Order(StringComparer.Ordinal)], [.. files.Select(file => file.Name)], files.Sum(file => file.Size));
    }

    private static ILookup<string, string> References(string folder) =>
        (Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories) : [])
            .Select(path => (Name: Path.GetRelativePath(folder, path).Replace('\\', '/'), Commit: HubCache.ReadReference(path)))
            .Where(reference => reference.Commit is not null)
            .ToLookup(reference => reference.Commit!, reference => reference.Name);

    private static long Size(FileInfo file) => file.ResolveLinkTarget(returnFinalTarget: true) switch
    {
        null => file.Length,
        FileInfo { Exists: true } target => target.Length,
        _ => 0,
    };

    private static IEnumerable<FileInfo> RealFiles(DirectoryInfo folder) =>
        folder.EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint });
}
