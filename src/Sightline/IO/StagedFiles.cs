namespace Sightline.IO;

/// <summary>
/// Several files of one folder that are to change together: all are written beside their places first, then renamed one after the other. An error
/// while writing leaves the folder as it was.
/// </summary>
internal sealed class StagedFiles(string folder) : IDisposable
{
    private readonly List<(string Temporary, string Path)> _files = [];

    /// <summary>Writes a file beside its place and flushes it to disk.</summary>
    public void Write(string name, Action<Stream> write)
    {
        var path = Path.Combine(folder, name);
        var temporary = $"{path}.{Environment.ProcessId}.{Guid.NewGuid():N}.tmp";
        _files.Add((temporary, path));
        using var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16);
        write(stream);
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Moves the files into place, in the order in which they were written.</summary>
    public void Commit()
    {
        foreach (var (temporary, path) in _files)
            File.Move(temporary, path, overwrite: true);
        _files.Clear();
    }

    /// <summary>Removes what was not committed.</summary>
    public void Dispose()
    {
        foreach (var (temporary, _) in _files)
            File.Delete(temporary);
    }
}
