using System.Text;
using System.Text.Json.Nodes;
using Sightline.IO;

namespace Sightline.Data.Formats;

/// <summary>Reads captions from JSON lines: an object a line; the caption is a string or a list of strings.</summary>
internal static class JsonLinesCaptionReader
{
    public static RawAnnotations Read(string path, CaptionDatasetOptions options, ProblemList problems)
    {
        var table = new CaptionTable();
        using var text = new StreamReader(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
        if (text.BaseStream.Length > options.MaxFileBytes)
            throw new DatasetException($"{path}: {text.BaseStream.Length} bytes; at most {options.MaxFileBytes} are read. Is this the right file?");
        try
        {
            for (var number = 1; text.ReadLine() is { } line; number++)
            {
                if (!string.IsNullOrWhiteSpace(line))
                    ReadLine(table, $"line {number}", line, problems);
            }
        }
        catch (DecoderFallbackException e)
        {
            throw new DatasetException($"{path}: the text is not UTF-8; save it as UTF-8.", e);
        }

        return table.Result;
    }

    private static void ReadLine(CaptionTable table, string where, string line, ProblemList problems)
    {
        JsonObject? row;
        try
        {
            row = JsonFile.Parse(where, Encoding.UTF8.GetBytes(line)) as JsonObject;
        }
        catch (ConfigurationException e)
        {
            problems.Add(e.Message.TrimEnd('.'));
            return;
        }

        if (row is null)
        {
            problems.Add($"{where} is not a JSON object");
            return;
        }

        var image = CaptionTable.ImageColumns.Select(name => row[name]).OfType<JsonValue>().FirstOrDefault();
        if (image is null || !image.TryGetValue<string>(out var fileName))
        {
            problems.Add($"{where}: no string {string.Join(" or ", CaptionTable.ImageColumns)}");
            return;
        }

        var captions = Captions(CaptionTable.CaptionColumns.Select(name => row[name]).FirstOrDefault(node => node is not null));
        if (captions is null)
        {
            problems.Add($"{where}: no string or list of strings {string.Join(" or ", CaptionTable.CaptionColumns)}");
            return;
        }

        if (!Flag(CaptionTable.Precanned, out var isPrecanned) || !Flag(CaptionTable.Rejected, out var isRejected) || !Flag(CaptionTable.TextDetected, out var textDetected))
            return;
        foreach (var caption in captions)
            table.Add(where, fileName, caption, isPrecanned, isRejected, textDetected);

        bool Flag(string name, out bool value)
        {
            value = false;
            if (row[name] is null || (row[name] is JsonValue json && json.TryGetValue(out value)))
                return true;
            problems.Add($"{where}: {name} is not true or false");
            return false;
        }
    }

    private static List<string>? Captions(JsonNode? node)
    {
        if (node is JsonValue value)
            return value.TryGetValue<string>(out var text) ? [text] : null;
        if (node is not JsonArray list)
            return null;
        var captions = new List<string>(list.Count);
        foreach (var item in list)
        {
            if (item is not JsonValue itemValue || !itemValue.TryGetValue<string>(out var text))
                return null;
            captions.Add(text);
        }

        return captions;
    }
}
