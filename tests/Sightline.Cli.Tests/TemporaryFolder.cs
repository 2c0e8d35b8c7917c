using Sightline.Tests;

namespace Sightline.Cli.Tests;

/// <summary>A folder of one test, removed after it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("sightline-cli-").FullName;

    /// <summary>A path in the folder.</summary>
    public string At(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>Copies a file or folder of tests/Fixtures to the same place below this folder, or to another name.</summary>
    public string Take(string fixture, string? name = null)
    {
        var (source, target) = (Fixture.Path(fixture.Split('/')), At((name ?? fixture).Split('/')));
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        if (File.Exists(source))
        {
            File.Copy(source, target);
            return target;
        }

        Directory.CreateDirectory(target);
        foreach (var file in Directory.GetFiles(source))
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        return target;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
