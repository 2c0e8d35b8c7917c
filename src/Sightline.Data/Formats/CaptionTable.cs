namespace Sightline.Data.Formats;

/// <summary>
/// Gathers the rows of a table (CSV, JSON lines, Parquet): a picture and a caption a row, several rows for a picture with several captions.
/// </summary>
internal sealed class CaptionTable
{
    public static readonly string[] ImageColumns = ["file_name", "image", "image_path", "path"];
    public static readonly string[] CaptionColumns = ["caption", "text"];
    public const string Precanned = "is_precanned";
    public const string Rejected = "is_rejected";
    public const string TextDetected = "text_detected";

    private readonly Dictionary<string, int> _positions = new(StringComparer.Ordinal);

    public RawAnnotations Result { get; } = new();

    /// <summary>The name of the first column of <paramref name="wanted"/> that the file has.</summary>
    /// <exception cref="DatasetException">There is none.</exception>
    public static string FindColumn(string path, string[] wanted, IReadOnlyCollection<string> found) =>
        wanted.FirstOrDefault(found.Contains)
        ?? throw new DatasetException($"{path}: no column {string.Join(" or ", wanted)}; found {(found.Count == 0 ? "none" : string.Join(", ", found.Take(20)))}.");

    public void Add(string where, string fileName, string caption, bool isPrecanned, bool isRejected, bool textDetected)
    {
        if (!_positions.TryGetValue(fileName, out var position))
        {
            position = _positions[fileName] = Result.Images.Count;
            Result.Images.Add(new RawImage(position, fileName, textDetected, where + ": "));
        }
        else if (textDetected)
        {
            Result.Images[position] = Result.Images[position] with { TextDetected = true };
        }

        Result.Captions.Add(new RawCaption(null, position, caption, isPrecanned, isRejected, where + ": "));
    }

    /// <summary>A flag as tables write it: true, false, 1, 0, yes, no or nothing, in any case.</summary>
    public static bool TryParseFlag(string text, out bool value)
    {
        var t = text.Trim().ToLowerInvariant();
        value = t is "true" or "1" or "yes";
        return value || t is "" or "false" or "0" or "no";
    }
}
