namespace Sightline.Tests;

/// <summary>A folder that a test writes into; removed with everything in it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("sightline-").FullName;

    public string this[string name] => Path.Combine(Root, name);

    public IEnumerable<string> Names => Directory.EnumerateFileSystemEntries(Root).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);

    public string Add(string name, byte[] content)
    {
        File.WriteAllBytes(this[name], content);
        return this[name];
    }

    public void Write(string name, string text) => File.WriteAllText(this[name], text);

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
