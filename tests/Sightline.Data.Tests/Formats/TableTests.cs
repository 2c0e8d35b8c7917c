using Parquet;
using Parquet.Schema;
using Xunit;

namespace Sightline.Data.Tests.Formats;

public sealed class TableTests
{
    private static readonly CaptionDatasetOptions s_noFiles = new() { RequireImageFiles = false };

    private static readonly (string File, string Caption, bool Precanned)[] s_rows =
        [("a.jpg", "a \"red\" dog, asleep", false), ("b.jpg", "two\nlines", true), ("a.jpg", "ein Hund – müde", false)];

    [Fact]
    public void Load_Csv_ReadsQuotedFieldsAndGroupsRowsByPicture()
    {
        using var folder = new TemporaryFolder();
        AssertRows(CaptionDataset.Load(folder.File(
            "metadata.csv",
            "\uFEFFcaption, file_name ,is_precanned\r\n\"a \"\"red\"\" dog, asleep\",a.jpg,\r\n\r\n\"two\nlines\",b.jpg,True\r\nein Hund – müde,a.jpg,0"), null, s_noFiles));
    }

    [Fact]
    public void Load_Tsv_SplitsAtTabs()
    {
        using var folder = new TemporaryFolder();
        var dataset = CaptionDataset.Load(folder.File("captions.tsv", "image\ttext\na.jpg\tone, two\n"), null, s_noFiles);
        Assert.Equal("one, two", Assert.Single(dataset.Examples).Caption);
    }

    [Fact]
    public void Load_JsonLines_ReadsStringsAndLists()
    {
        using var folder = new TemporaryFolder();
        AssertRows(CaptionDataset.Load(folder.File(
            "metadata.jsonl",
            """
            {"file_name": "a.jpg", "text": "a \"red\" dog, asleep", "other": {}}
            {"image": "b.jpg", "caption": "two\nlines", "is_precanned": true}

            {"file_name": "a.jpg", "text": ["ein Hund \u2013 müde"]}
            """), null, s_noFiles));
        Assert.Equal(3, CaptionDataset.Load(folder.Path, null, s_noFiles).Examples.Count);
    }

    [Fact]
    public async Task Load_Parquet_ReadsStringColumnsOverRowGroups()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "data.parquet");
        var (file, caption, precanned) = (new DataField<string>("image"), new DataField<string>("text"), new DataField<bool>("is_precanned"));
        await using (var stream = File.Create(path))
        {
            await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema(file, caption, precanned), stream, cancellationToken: TestContext.Current.CancellationToken);
            foreach (var rows in s_rows.Chunk(2))
            {
                using var group = writer.CreateRowGroup();
                await group.WriteAsync(file, [.. rows.Select(r => r.File)]);
                await group.WriteAsync(caption, [.. rows.Select(r => r.Caption)]);
                await group.WriteAsync<bool>(precanned, rows.Select(r => r.Precanned).ToArray().AsMemory(), cancellationToken: TestContext.Current.CancellationToken);
                group.CompleteValidate();
            }
        }

        AssertRows(CaptionDataset.Load(path, null, s_noFiles));

        // Cut off anywhere, or with a flipped byte, it is an error of ours or still readable, never a crash.
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        var random = new Random(5);
        var failures = 0;
        for (var round = 0; round < 200; round++)
        {
            var damaged = round % 2 == 0 ? bytes[..random.Next(bytes.Length)] : (byte[])bytes.Clone();
            if (round % 2 == 1)
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            await File.WriteAllBytesAsync(path, damaged, TestContext.Current.CancellationToken);
            var error = Record.Exception(() => CaptionDataset.Load(path, null, s_noFiles));
            if (error is null)
                continue;
            Assert.IsAssignableFrom<SightlineException>(error);
            Assert.DoesNotContain('\n', error.Message);
            failures++;
        }

        Assert.InRange(failures, 100, 200);
    }

    [Fact]
    public async Task Load_ParquetWithStoredPictures_SaysWhatToDo()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "data.parquet");
        var (bytes, caption) = (new DataField<byte[]>("bytes"), new DataField<string>("text"));
        await using (var stream = File.Create(path))
        {
            await using var writer = await ParquetWriter.CreateAsync(
                new ParquetSchema(new StructField("image", bytes), caption), stream, cancellationToken: TestContext.Current.CancellationToken);
            using var group = writer.CreateRowGroup();
            await group.WriteAsync(bytes, (IReadOnlyCollection<byte[]>)[[1, 2]]);
            await group.WriteAsync(caption, ["x"]);
        }

        Assert.Contains("column image does not hold strings", Assert.Throws<DatasetException>(() => CaptionDataset.Load(path, null, s_noFiles)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "the file is too short")]
    [InlineData("00000000 50415231 00000000", "does not end as a Parquet file does")]
    [InlineData("50415231 FFFFFFFF 50415231", "does not end as a Parquet file does")]
    [InlineData("50415231 18 7F 00 03000000 50415231", "the footer is cut off")] // a string of 127 bytes
    [InlineData("50415231 19 FC FFFFFFFF0F 00 08000000 50415231", "the footer is cut off")] // four thousand million structs
    [InlineData("50415231 16 FFFFFFFFFFFFFFFFFFFF 00 0C000000 50415231", "more than 64 bits")]
    [InlineData("50415231 1E 00 02000000 50415231", "unknown type 14")]
    [InlineData("50415231 00 00 02000000 50415231", "longer than its content")]
    [InlineData("50415231 15 02 02000000 50415231", "the footer is cut off")] // no end
    public void Load_ParquetWithADamagedFooter_SaysSo(string hex, string expected)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "a.parquet");
        File.WriteAllBytes(path, Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));
        Assert.Contains(expected, Assert.Throws<DatasetException>(() => CaptionDataset.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ParquetWithADeepFooter_SaysSo()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "a.parquet");
        var footer = new byte[1_000_000];
        Array.Fill(footer, (byte)0x19); // a list of one list of one list …
        File.WriteAllBytes(path, [.. "PAR1"u8, .. footer, .. BitConverter.GetBytes(footer.Length), .. "PAR1"u8]);
        Assert.Contains("nested too deeply", Assert.Throws<DatasetException>(() => CaptionDataset.Load(path)).Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string> BadTables => new()
    {
        { "a.csv", "", "the file is empty; expected a header line" },
        { "a.csv", "file_name,note\na,b", "no column caption or text; found file_name, note" },
        { "a.csv", "name,caption\na,b", "no column file_name or image or image_path or path; found name, caption" },
        { "a.csv", "file_name,caption\na", "1 problem: line 2 has 1 fields, expected 2" },
        { "a.csv", "file_name,caption\na,\"b", "line 2: a quoted field is not closed" },
        { "a.csv", "file_name,caption\na,\"b\"c", "line 2: text follows a closing quote" },
        { "a.csv", "file_name,caption\na,", "line 2: caption is empty" },
        { "a.csv", "file_name,caption\n../a,b", "line 2: file_name '../a' leaves the image folder" },
        { "a.csv", "file_name,caption,is_rejected\na,b,maybe", "line 2: is_rejected is 'maybe', expected true or false" },
        { "a.csv", "file_name,caption\n", "no caption is left" },
        { "a.csv", "file_name,caption\na,\"" + new string('x', 20_000), "a field has more than 10000 characters; is a quote left open?" },
        { "a.jsonl", "", "no caption is left" },
        { "a.jsonl", "{\"file_name\": \"a\", \"text\": \"b\"}\n{\"file_name\"", "1 problem: line 2: not valid JSON" },
        { "a.jsonl", "[1]", "line 1 is not a JSON object" },
        { "a.jsonl", "{\"text\": \"b\"}", "line 1: no string file_name or image or image_path or path" },
        { "a.jsonl", "{\"image\": 3, \"text\": \"b\"}", "line 1: no string file_name" },
        { "a.jsonl", "{\"image\": \"a\", \"text\": [\"b\", 3]}", "line 1: no string or list of strings caption or text" },
        { "a.jsonl", "{\"image\": \"a\", \"text\": \"b\", \"text_detected\": 2}", "line 1: text_detected is not true or false" },
        { "a.parquet", "", "cannot be read as Parquet" },
        { "a.parquet", "PAR1 this is not a Parquet file PAR1", "cannot be read as Parquet" },
    };

    [Theory]
    [MemberData(nameof(BadTables))]
    public void Load_BadTable_SaysSoInOneLine(string name, string text, string expected)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File(name, text);
        var error = Assert.Throws<DatasetException>(() => CaptionDataset.Load(path, null, s_noFiles));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("a.csv")]
    [InlineData("a.jsonl")]
    public void Load_NotUtf8_SaysSo(string name)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, name);
        File.WriteAllBytes(path, [.. "file_name,caption\na,"u8, 0xFF, 0xFE]);
        Assert.Contains("not UTF-8", Assert.Throws<DatasetException>(() => CaptionDataset.Load(path, null, s_noFiles)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_FolderWithTwoTables_AsksWhich()
    {
        using var folder = new TemporaryFolder();
        folder.File("metadata.csv", "file_name,caption\na,b");
        folder.File("captions.jsonl", "{}");
        Assert.Contains("metadata.csv, captions.jsonl", Assert.Throws<DatasetException>(() => CaptionDataset.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    private static void AssertRows(CaptionDataset dataset)
    {
        Assert.Equal(["a.jpg", "b.jpg"], dataset.Images.Select(i => i.FileName));
        Assert.Equal(s_rows, dataset.Examples.Select(e => (dataset.Images[e.Image].FileName, e.Caption, e.IsPrecanned)));
    }
}
