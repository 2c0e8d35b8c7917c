using System.IO.Enumeration;

namespace Sightline.Cli.Captioning;

/// <summary>
/// Finds the files of a pattern, for shells that leave this to the program: <c>*</c> and <c>?</c> within a name, <c>**</c> for any number of folders.
/// Names that begin with a dot, and folders behind links, are left out where the pattern does not name them.
/// </summary>
internal static class PathPattern
{
    private static readonly string[] s_anyName = ["*"];

    private static readonly EnumerationOptions s_visible = new() { IgnoreInaccessible = false };

    /// <summary>Whether the text has a wildcard.</summary>
    public static bool IsPattern(string text) => text.AsSpan().IndexOfAny('*', '?') >= 0;

    /// <summary>The files that match, in no particular order.</summary>
    public static IEnumerable<string> Expand(string pattern)
    {
        var root = Path.GetPathRoot(pattern) ?? "";
        var parts = pattern[root.Length..].Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries);
        return Match(root, parts).Distinct();
    }

    /// <summary>The files of a folder.</summary>
    public static IEnumerable<string> FilesIn(string folder, bool recursive) =>
        recursive ? Folders(folder).SelectMany(inner => FilesIn(inner, recursive: false)) : Directory.EnumerateFiles(folder, "*", s_visible);

    private static IEnumerable<string> Match(string folder, ArraySegment<string> parts)
    {
        if (parts.Count == 0)
            return [];
        var (part, rest) = (parts[0], parts[1..]);
        if (part == "**")
            return Folders(folder).SelectMany(inner => Match(inner, rest.Count == 0 ? s_anyName : rest));
        if (!IsPattern(part))
        {
            var path = Path.Combine(folder, part);
            return rest.Count > 0 ? Match(path, rest) : File.Exists(path) ? [path] : [];
        }

        return rest.Count == 0
            ? Entries(folder, Directory.EnumerateFiles, part)
            : Entries(folder, Directory.EnumerateDirectories, part).SelectMany(inner => Match(inner, rest));
    }

    private static IEnumerable<string> Folders(string folder) => Entries(folder, Directory.EnumerateDirectories, "*")
        .Where(inner => new DirectoryInfo(inner).LinkTarget is null) // a link to a folder above would never end
        .SelectMany(Folders)
        .Prepend(folder);

    private static IEnumerable<string> Entries(string folder, Func<string, string, EnumerationOptions, IEnumerable<string>> enumerate, string pattern)
    {
        var existing = folder.Length == 0 ? "." : folder;
        if (!Directory.Exists(existing))
            return [];
        var ignoreCase = OperatingSystem.IsWindows();
        return enumerate(existing, "*", s_visible)
            .Where(entry => FileSystemName.MatchesSimpleExpression(pattern, Path.GetFileName(entry.AsSpan()), ignoreCase))
            .Select(entry => folder.Length == 0 ? Path.GetFileName(entry) : entry);
    }
}
