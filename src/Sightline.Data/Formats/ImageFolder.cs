namespace Sightline.Data.Formats;

/// <summary>Turns a file name of an annotation file into a path below the image folder.</summary>
internal static class ImageFolder
{
    /// <summary>Why a name cannot be used; null when it can. A name must stay inside the image folder on every system.</summary>
    public static string? Problem(string fileName, int maxCharacters)
    {
        if (string.IsNullOrWhiteSpace(fileName))
            return "is empty";
        if (fileName.Length > maxCharacters)
            return $"has {fileName.Length} characters, at most {maxCharacters} are accepted";
        if (fileName.Any(char.IsControl))
            return "holds a control character";
        if (fileName[0] is '/' or '\\' || (fileName.Length > 1 && fileName[1] == ':' && char.IsAsciiLetter(fileName[0])))
            return $"'{fileName}' is not relative to the image folder";
        return fileName.Split('/', '\\').Contains("..") ? $"'{fileName}' leaves the image folder" : null;
    }

    /// <summary>
    /// Where the pictures of an annotation file are when the caller does not say: for <c>annotations/NAME.json</c> the folder <c>NAME</c> or <c>images</c>
    /// beside <c>annotations</c>, otherwise the folder of the file.
    /// </summary>
    public static string Find(string annotationFile)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(annotationFile))!;
        var parent = Path.GetDirectoryName(folder);
        if (parent is not null && Path.GetFileName(folder) == "annotations")
        {
            foreach (var name in new[] { Path.GetFileNameWithoutExtension(annotationFile), "images" })
            {
                var candidate = Path.Combine(parent, name);
                if (Directory.Exists(candidate))
                    return candidate;
            }
        }

        return folder;
    }
}
