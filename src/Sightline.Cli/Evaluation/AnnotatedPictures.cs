using Sightline.Cli.Captioning;
using Sightline.Cli.IO;
using Sightline.Metrics;

namespace Sightline.Cli.Evaluation;

/// <summary>The pictures of an annotated set as files of a folder.</summary>
internal static class AnnotatedPictures
{
    /// <summary>The file of every image, in the order of the annotations.</summary>
    /// <param name="annotations">The set; every image has a file name.</param>
    /// <param name="folder">The folder with the pictures.</param>
    /// <exception cref="ConfigurationException">There is no such folder, or a file name is missing or leads out of it.</exception>
    public static IReadOnlyList<(long Id, ImageArgument Image)> Find(CaptionAnnotations annotations, string folder)
    {
        if (!Directory.Exists(folder))
            throw new ConfigurationException($"{folder}: no such folder; the folder with the pictures of the annotations was expected.");
        var faults = annotations.Images.Where(image => FolderPath.Inside(folder, image.FileName) is null).Select(image => image.Id).ToList();
        if (faults.Count > 0)
            throw new ConfigurationException($"the annotations: {faults.Count} images have no file name, or one outside {folder}; the first has the id {faults[0]}.");
        return [.. annotations.Images.Select(image => (image.Id, Argument(Path.Combine(folder, image.FileName!))))];
    }

    private static ImageArgument Argument(string path) => new(path, File.Exists(path) ? null : "no such file");
}
