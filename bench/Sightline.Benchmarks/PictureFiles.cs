namespace Sightline.Benchmarks;

/// <summary>The pictures of a folder.</summary>
internal static class PictureFiles
{
    private static readonly string[] s_extensions = [".jpg", ".jpeg", ".png"];

    /// <summary>All in and below <paramref name="folder"/>, by name.</summary>
    /// <exception cref="SightlineException">There is none.</exception>
    public static string[] Find(string folder)
    {
        if (!Directory.Exists(folder))
            throw new SightlineException($"{folder}: no such folder; a folder with pictures was expected");
        string[] files = [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(file => s_extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase)).Order(StringComparer.Ordinal)];
        return files.Length > 0 ? files : throw new SightlineException($"{folder}: no pictures; files that end with {string.Join(", ", s_extensions)} were expected");
    }
}
