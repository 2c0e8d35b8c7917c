using System.IO.Enumeration;
using Sightline.Cli.Captioning;

namespace Sightline.Cli.Pictures;

/// <summary>A set of pictures that may be too large to hold as a list: files, a manifest, or WebDataset tars.</summary>
internal static class PictureSet
{
    /// <summary>The pictures of the arguments, in an order that is the same on every machine; each enumeration reads the lists anew.</summary>
    /// <param name="arguments">Files, folders, patterns; manifests (.jsonl, .csv, .tsv); tars, or a folder that holds tars.</param>
    /// <param name="recursive">Also take the folders inside folders.</param>
    /// <exception cref="ConfigurationException">An argument names nothing, or they are of several kinds.</exception>
    public static IEnumerable<Picture> Open(IReadOnlyList<string> arguments, bool recursive)
    {
        var tars = arguments.SelectMany(argument => TarsIn(argument, recursive)).ToList();
        var manifests = arguments.Where(PictureManifest.IsManifest).ToList();
        if (tars.Count > 0 && manifests.Count == 0 && arguments.All(argument => TarsIn(argument, recursive).Any()))
            return tars.SelectMany(PictureTar.Read);
        if (tars.Count == 0 && manifests.Count == arguments.Count)
            return manifests.SelectMany(PictureManifest.Read);
        if (tars.Count + manifests.Count > 0)
            throw new ConfigurationException($"{string.Join(", ", arguments)}: pictures, manifests and tars cannot be taken together; give one kind.");
        var files = ImageArguments.Expand(arguments, recursive);
        var missing = files.FirstOrDefault(file => file.Problem is not null);
        if (missing.Problem is { } problem)
            throw new ConfigurationException($"{missing.Name}: {problem}.");
        var root = arguments is [var only] && Directory.Exists(only) ? only : null;
        return files.Select(file => new Picture(Id(root, file.Name), file.Open));
    }

    // One folder may lie elsewhere on another machine: names inside it do not change.
    private static string Id(string? root, string file) => (root is null ? file : Path.GetRelativePath(root, file)).Replace('\\', '/');

    private static IEnumerable<string> TarsIn(string argument, bool recursive)
    {
        var files = Directory.Exists(argument) ? PathPattern.FilesIn(argument, recursive)
            : PathPattern.IsPattern(argument) ? PathPattern.Expand(argument)
            : File.Exists(argument) ? [argument] : [];
        return files.Where(file => FileSystemName.MatchesSimpleExpression("*.tar", file)).Order(StringComparer.Ordinal);
    }
}
