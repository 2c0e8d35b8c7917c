namespace Sightline.Cli.IO;

/// <summary>Paths that others give, kept inside a folder.</summary>
internal static class FolderPath
{
    /// <summary>The file below the folder; null if the name leads out of it or is none.</summary>
    public static string? Inside(string folder, string? name)
    {
        if (string.IsNullOrEmpty(name) || name.Contains('\0', StringComparison.Ordinal))
            return null;
        var root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)) + Path.DirectorySeparatorChar;
        return Path.GetFullPath(Path.Combine(root, name)).StartsWith(root, StringComparison.Ordinal) ? Path.Combine(folder, name) : null;
    }
}
