using Parquet;
using Parquet.Schema;

namespace Sightline.Data.Formats;

/// <summary>Reads captions from a Parquet file with string columns for the picture's file name and the caption.</summary>
internal static class ParquetCaptionReader
{
    public static RawAnnotations Read(string path, CaptionDatasetOptions options, ProblemList problems)
    {
        try
        {
            return ReadAsync(path, options, problems).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is not SightlineException)
        {
            // The Parquet reader meets damaged files with exceptions of many types.
            throw new DatasetException($"{path}: cannot be read as Parquet ({e.Message.ReplaceLineEndings(" ")}); is the file complete?", e);
        }
    }

    private static async Task<RawAnnotations> ReadAsync(string path, CaptionDatasetOptions options, ProblemList problems)
    {
        await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        if (stream.Length > options.MaxFileBytes)
            throw new DatasetException($"{path}: {stream.Length} bytes; at most {options.MaxFileBytes} are read. Is this the right file?");
        ParquetFooter.Check(stream);
        await using var reader = await ParquetReader.CreateAsync(stream).ConfigureAwait(false);
        var fields = reader.Schema.Fields;
        var names = fields.Select(f => f.Name).ToList();
        var image = StringColumn(path, fields, CaptionTable.FindColumn(path, CaptionTable.ImageColumns, names));
        var caption = StringColumn(path, fields, CaptionTable.FindColumn(path, CaptionTable.CaptionColumns, names));
        var rows = reader.RowGroups.Sum(group => group.RowCount);
        // A row with a caption of its own takes more than a byte: more rows than bytes are a damaged footer, and nothing is allocated for them.
        if (rows > stream.Length || reader.RowGroups.Any(group => group.RowCount < 0 || group.RowCount > stream.Length))
            throw new DatasetException($"{path}: {rows} rows in {stream.Length} bytes. Is the file damaged?");
        var table = new CaptionTable();
        var row = 0;
        foreach (var group in reader.RowGroups)
        {
            var count = (int)group.RowCount;
            var images = new string?[count];
            var captions = new string?[count];
            await group.ReadAsync(image, images.AsMemory()!).ConfigureAwait(false);
            await group.ReadAsync(caption, captions.AsMemory()!).ConfigureAwait(false);
            var isPrecanned = await FlagsAsync(path, fields, group, CaptionTable.Precanned, count).ConfigureAwait(false);
            var isRejected = await FlagsAsync(path, fields, group, CaptionTable.Rejected, count).ConfigureAwait(false);
            var textDetected = await FlagsAsync(path, fields, group, CaptionTable.TextDetected, count).ConfigureAwait(false);
            for (var i = 0; i < count; i++, row++)
            {
                if (images[i] is null || captions[i] is null)
                    problems.Add($"row {row}: {(images[i] is null ? image.Name : caption.Name)} is null");
                else
                    table.Add($"row {row}", images[i]!, captions[i]!, isPrecanned?[i] ?? false, isRejected?[i] ?? false, textDetected?[i] ?? false);
            }
        }

        return table.Result;
    }

    private static DataField StringColumn(string path, IReadOnlyList<Field> fields, string name) =>
        fields.First(f => f.Name == name) is DataField { IsArray: false } field && (field.ClrType == typeof(string) || field.ClrType == typeof(ReadOnlyMemory<char>))
            ? field
            : throw new DatasetException($"{path}: column {name} does not hold strings; pictures stored inside the Parquet file must first be written to a folder.");

    private static async Task<bool?[]?> FlagsAsync(string path, IReadOnlyList<Field> fields, ParquetRowGroupReader group, string name, int count)
    {
        var column = fields.FirstOrDefault(f => f.Name == name);
        if (column is null)
            return null;
        if (column is not DataField { IsArray: false } field || field.ClrType != typeof(bool))
            throw new DatasetException($"{path}: column {name} does not hold booleans.");
        var values = new bool?[count];
        if (field.IsNullable)
        {
            await group.ReadAsync(field, values.AsMemory()).ConfigureAwait(false);
        }
        else
        {
            var plain = new bool[count];
            await group.ReadAsync(field, plain.AsMemory()).ConfigureAwait(false);
            for (var i = 0; i < count; i++)
                values[i] = plain[i];
        }

        return values;
    }
}
