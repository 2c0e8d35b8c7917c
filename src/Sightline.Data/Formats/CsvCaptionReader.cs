using System.Text;

namespace Sightline.Data.Formats;

/// <summary>Reads captions from a CSV or TSV file with a header line.</summary>
internal static class CsvCaptionReader
{
    public static RawAnnotations Read(string path, CaptionDatasetOptions options, ProblemList problems)
    {
        var table = new CaptionTable();
        using var text = new StreamReader(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
        if (text.BaseStream.Length > options.MaxFileBytes)
            throw new DatasetException($"{path}: {text.BaseStream.Length} bytes; at most {options.MaxFileBytes} are read. Is this the right file?");
        var separator = path.EndsWith(".tsv", StringComparison.OrdinalIgnoreCase) ? '\t' : ',';
        var parser = new CsvParser(text, separator, options.MaxCharacters);
        try
        {
            var header = parser.Next()?.Fields.Select(name => name.Trim()).ToList() ?? throw new DatasetException($"{path}: the file is empty; expected a header line.");
            var image = header.IndexOf(CaptionTable.FindColumn(path, CaptionTable.ImageColumns, header));
            var caption = header.IndexOf(CaptionTable.FindColumn(path, CaptionTable.CaptionColumns, header));
            while (parser.Next() is { } record)
            {
                if (record.Fields.Count != header.Count)
                    problems.Add($"line {record.Line} has {record.Fields.Count} fields, expected {header.Count}");
                else if (Flag(CaptionTable.Precanned, out var isPrecanned) && Flag(CaptionTable.Rejected, out var isRejected) && Flag(CaptionTable.TextDetected, out var textDetected))
                    table.Add($"line {record.Line}", record.Fields[image], record.Fields[caption], isPrecanned, isRejected, textDetected);

                bool Flag(string name, out bool value)
                {
                    value = false;
                    var column = header.IndexOf(name);
                    if (column < 0 || CaptionTable.TryParseFlag(record.Fields[column], out value))
                        return true;
                    problems.Add($"line {record.Line}: {name} is '{record.Fields[column]}', expected true or false");
                    return false;
                }
            }
        }
        catch (FormatException e)
        {
            throw new DatasetException($"{path}: {e.Message}.", e);
        }
        catch (DecoderFallbackException e)
        {
            throw new DatasetException($"{path}: the text is not UTF-8; save it as UTF-8.", e);
        }

        return table.Result;
    }
}
