namespace Sightline.Cli.Captioning;

/// <summary>Turns the arguments of a command line into pictures: files as they are, folders and patterns into the files they stand for.</summary>
internal static class ImageArguments
{
    // HEIC, HEIF and AVIF are not decoded: in a folder they are listed all the same, so that each is reported and none vanishes.
    private static readonly HashSet<string> s_extensions = new(StringComparer.OrdinalIgnoreCase)
    {
        ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".dib", ".tif", ".tiff", ".heic", ".heif", ".avif",
    };

    /// <summary>The pictures in the order of the arguments; those of a folder or pattern in ordinal order of their paths.</summary>
    /// <param name="arguments">Files, folders, patterns, or <c>-</c>.</param>
    /// <param name="recursive">Also take the folders inside folders.</param>
    public static IReadOnlyList<ImageArgument> Expand(IEnumerable<string> arguments, bool recursive) => [.. arguments.SelectMany(argument => Expand(argument, recursive))];

    private static List<ImageArgument> Expand(string argument, bool recursive)
    {
        if (argument == ImageArgument.StandardInput || File.Exists(argument))
            return [new ImageArgument(argument)];
        if (Directory.Exists(argument))
            return Listed(argument, PathPattern.FilesIn(argument, recursive).Where(IsPicture), recursive ? "no picture in this folder or below" : "no picture in this folder; --recursive looks into the folders inside");
        if (PathPattern.IsPattern(argument))
            return Listed(argument, PathPattern.Expand(argument), "no file matches this pattern");
        return [new ImageArgument(argument, "no such file or folder")];
    }

    private static List<ImageArgument> Listed(string argument, IEnumerable<string> files, string problem)
    {
        try
        {
            var found = files.Order(StringComparer.Ordinal).Select(file => new ImageArgument(file)).ToList();
            return found.Count > 0 ? found : [new ImageArgument(argument, problem)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [new ImageArgument(argument, $"cannot be listed ({e.Message})")];
        }
    }

    /// <summary>Whether a name ends as those of pictures do.</summary>
    public static bool IsPicture(string file) => s_extensions.Contains(Path.GetExtension(file));
}
