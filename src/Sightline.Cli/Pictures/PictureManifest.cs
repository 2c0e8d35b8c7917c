using System.Text;
using System.Text.Json.Nodes;
using Sightline.Cli.IO;
using Sightline.Data.Formats;
using Sightline.IO;

namespace Sightline.Cli.Pictures;

/// <summary>
/// Lists of pictures. JSONL: an object a line with <c>image</c> (or <c>file_name</c>), a path relative to the list's folder, and an optional <c>id</c>.
/// CSV or TSV: the same as columns, named in the first row. A picture without an id is known by its path as the list has it.
/// </summary>
internal static class PictureManifest
{
    private const int MostLineBytes = 1 << 20;

    private static readonly string[] s_pathNames = ["image", "file_name"];

    /// <summary>Whether the name is that of a list: .jsonl, .ndjson, .csv, .tsv.</summary>
    public static bool IsManifest(string path) => Extension(path) is ".jsonl" or ".ndjson" or ".csv" or ".tsv";

    /// <summary>The pictures of a list, one after the other; only the list is read.</summary>
    /// <exception cref="ConfigurationException">The list cannot be read; the message names the line.</exception>
    public static IEnumerable<Picture> Read(string path)
    {
        using var stream = OpenFile(path);
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var rows = Extension(path) is ".csv" or ".tsv" ? ReadTable(path, stream) : ReadLines(path, stream);
        foreach (var (id, image) in rows)
        {
            var file = Path.Combine(folder, image);
            yield return new Picture(id ?? image, () => ImageInput.FromFile(file));
        }
    }

    private static IEnumerable<(string? Id, string Image)> ReadLines(string path, Stream stream)
    {
        var lines = new LineReader(stream, path, MostLineBytes);
        while (TryRead(lines, out var row, path))
        {
            if (row is { } found)
                yield return found;
        }
    }

    private static bool TryRead(LineReader lines, out (string? Id, string Image)? row, string path)
    {
        row = null;
        if (!lines.TryRead(out var line))
            return false;
        if (line.Trim(" \t"u8).IsEmpty)
            return true;
        var source = $"{path}, line {lines.Number}";
        if (JsonFile.Parse(source, line) is not JsonObject entry)
            throw new ConfigurationException($"{source}: not a JSON object; one with 'image' (a path) and an optional 'id' was expected.");
        var image = s_pathNames.Select(name => entry[name]).OfType<JsonValue>().FirstOrDefault();
        if (image is null || !image.TryGetValue<string>(out var file) || !IsPath(file))
            throw new ConfigurationException($"{source}: 'image' is missing; the path of a picture was expected.");
        row = (PictureLine.ReadId(source, entry), file);
        return true;
    }

    private static IEnumerable<(string? Id, string Image)> ReadTable(string path, Stream stream)
    {
        using var text = new StreamReader(stream, new UTF8Encoding(false, throwOnInvalidBytes: true));
        var parser = new CsvParser(text, Extension(path) == ".tsv" ? '\t' : ',', MostLineBytes);
        var header = Next(path, parser)?.Fields ?? throw new ConfigurationException($"{path}: empty; a first row with the names of the columns was expected.");
        var (image, id) = (header.FindIndex(s_pathNames.Contains), header.IndexOf("id"));
        if (image < 0)
            throw new ConfigurationException($"{path}: the columns are {string.Join(", ", header)}; one named 'image' was expected.");
        while (Next(path, parser) is var (line, fields))
        {
            if (fields.Count != header.Count)
                throw new ConfigurationException($"{path}, line {line}: {fields.Count} fields; the first row has {header.Count}.");
            if (!IsPath(fields[image]) || (id >= 0 && fields[id].Length == 0))
                throw new ConfigurationException($"{path}, line {line}: the path or the id is empty.");
            yield return (id < 0 ? null : fields[id], fields[image]);
        }
    }

    private static (int Line, List<string> Fields)? Next(string path, CsvParser parser)
    {
        try
        {
            return parser.Next();
        }
        catch (FormatException e)
        {
            throw new ConfigurationException($"{path}, {e.Message}.", e);
        }
        catch (DecoderFallbackException e)
        {
            throw new ConfigurationException($"{path}: not UTF-8; save the list as UTF-8.", e);
        }
    }

    private static FileStream OpenFile(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{path}: cannot be read ({e.Message})", e);
        }
    }

    private static bool IsPath(string text) => text.Length > 0 && !text.Contains('\0', StringComparison.Ordinal);

    private static string Extension(string path) => Path.GetExtension(path).ToLowerInvariant();
}
