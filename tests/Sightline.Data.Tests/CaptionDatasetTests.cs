using Sightline.Tests;
using Xunit;

namespace Sightline.Data.Tests;

public sealed class CaptionDatasetTests
{
    private const string Good = """
        {"info": {"x": [1, {"y": null}]},
         "annotations": [
          {"id": 70, "image_id": 5, "caption": "a dog", "is_precanned": false, "is_rejected": false},
          {"id": 71, "image_id": 3, "caption": "Quality issues are too severe to recognize visual content.", "is_precanned": true, "is_rejected": true},
          {"id": 72, "image_id": 5, "caption": "a \u00e9clair", "is_precanned": false, "is_rejected": true},
          {"image_id": 3, "caption": "a sign"}],
         "images": [{"file_name": "b.jpg", "id": 3, "text_detected": true, "vizwiz_url": "u"}, {"file_name": "sub/a.jpg", "id": 5}]}
        """;

    private static readonly CaptionDatasetOptions s_noFiles = new() { RequireImageFiles = false };

    [Fact]
    public void Load_VizWiz_KeepsEveryCaptionInTheOrderOfTheAnnotations()
    {
        using var folder = new TemporaryFolder();
        var dataset = CaptionDataset.Load(folder.File("annotations/val.json", Good), folder.Path, s_noFiles);
        Assert.Equal([(3L, "b.jpg", true), (5L, "sub/a.jpg", false)], dataset.Images.Select(i => (i.Id, i.FileName, i.TextDetected)));
        Assert.Equal(Path.Combine(folder.Path, "b.jpg"), dataset.Images[0].FilePath);
        Assert.Equal(
            [
                new CaptionExample(1, "a dog", 70),
                new CaptionExample(0, "Quality issues are too severe to recognize visual content.", 71, true, true),
                new CaptionExample(1, "a \u00e9clair", 72, false, true),
                new CaptionExample(0, "a sign", 3),
            ],
            dataset.Examples);
        Assert.Equal([[1, 3], [0, 2]], dataset.ExamplesByImage());
        Assert.Empty(dataset.Report.ToLines());
    }

    public static TheoryData<CaptionDatasetOptions, long[]> Filters => new()
    {
        { new() { Precanned = FlagFilter.Exclude }, [70, 72, 3] },
        { new() { Precanned = FlagFilter.Only }, [71] },
        { new() { Rejected = FlagFilter.Exclude }, [70, 3] },
        { new() { Rejected = FlagFilter.Only }, [71, 72] },
        { new() { TextDetected = FlagFilter.Exclude }, [70, 72] },
        { new() { TextDetected = FlagFilter.Only }, [71, 3] },
        { new() { Precanned = FlagFilter.Exclude, Rejected = FlagFilter.Exclude, TextDetected = FlagFilter.Only }, [3] },
    };

    [Theory]
    [MemberData(nameof(Filters))]
    public void Load_FlagOptions_ChooseTheCaptions(CaptionDatasetOptions options, long[] ids)
    {
        using var folder = new TemporaryFolder();
        var dataset = CaptionDataset.Load(folder.File("val.json", Good), null, options with { RequireImageFiles = false });
        Assert.Equal(ids, dataset.Examples.Select(e => e.Id));
        Assert.Equal(4 - ids.Length, dataset.Report.FilteredCaptions);
        Assert.Equal(2, dataset.Images.Count);
    }

    public static TheoryData<string, string> BadJson => new()
    {
        { "", "not valid JSON at line 1" },
        { "[]", "the root is not a JSON object" },
        { "{\"images\": [], \"annotations\": [", "not valid JSON at line 1" },
        { "{} {}", "not valid JSON" },
        { "{\"annotations\": []}", "'images' is missing" },
        { "{\"images\": []}", "'annotations' is missing" },
        { "{\"images\": {}, \"annotations\": 3}", "2 problems: images is an object, expected a list; annotations is another number, expected a list" },
        { "{\"images\": [], \"annotations\": []}", "no caption is left (0 pictures and 0 captions" },
        { Entry("""{"id": 1}""", "{}"), "3 problems: images[0].file_name is missing; annotations[0].image_id is missing; annotations[0].caption is missing" },
        { Entry("""{"id": 1.5, "file_name": "a"}""", ""), "1 problem: images[0].id is another number, expected a whole number" },
        { Entry("""{"id": 99999999999999999999, "file_name": "a"}""", ""), "images[0].id is another number" },
        { Entry("""{"id": 1, "file_name": ["a"]}""", ""), "images[0].file_name is a list, expected a string" },
        { Entry("""{"id": 1, "file_name": "a"}, 7""", ""), "images[1] is another number, expected an object" },
        { Entry("""{"id": 1, "file_name": "a"}, {"id": 1, "file_name": "b"}""", ""), "images[1].id 1 occurs twice" },
        { Entry("""{"id": 1, "file_name": ""}""", ""), "images[0].file_name is empty" },
        { Entry("""{"id": 1, "file_name": "../a.jpg"}""", ""), "images[0].file_name '../a.jpg' leaves the image folder" },
        { Entry("""{"id": 1, "file_name": "x\\..\\..\\a.jpg"}""", ""), "leaves the image folder" },
        { Entry("""{"id": 1, "file_name": "/etc/passwd"}""", ""), "is not relative to the image folder" },
        { Entry("""{"id": 1, "file_name": "C:\\a.jpg"}""", ""), "is not relative to the image folder" },
        { Entry("""{"id": 1, "file_name": "a\u0000.jpg"}""", ""), "images[0].file_name holds a control character" },
        { Entry("""{"id": 1, "file_name": "\ud800"}""", ""), "not valid Unicode" },
        { Entry("""{"id": 1, "file_name": "a"}""", """{"image_id": 99123, "caption": "c"}"""), "annotations[0].image_id 99123 is unknown" },
        { Entry("""{"id": 1, "file_name": "a"}""", """{"image_id": 1, "caption": " \n"}"""), "annotations[0].caption is empty" },
        { Entry("""{"id": 1, "file_name": "a"}""", """{"image_id": 1, "caption": null}"""), "annotations[0].caption is null, expected a string" },
        { Entry("""{"id": 1, "file_name": "a"}""", """{"image_id": 1, "caption": "c", "is_rejected": "no"}"""), "annotations[0].is_rejected is a string, expected true or false" },
        { Entry("""{"id": 1, "file_name": "a"}""", """{"id": 4, "image_id": 1, "caption": "c"}, {"id": 4, "image_id": 1, "caption": "d"}"""), "annotations[1].id 4 occurs twice" },
        { Entry("""{"id": 1, "file_name": "a"}""", "{\"image_id\": 1, \"caption\": \"" + new string('x', 10_001) + "\"}"), "caption has 10001 characters" },
        { "{\"a\": " + new string('[', 100), "not valid JSON" },
    };

    [Theory]
    [MemberData(nameof(BadJson))]
    public void Load_BadJson_SaysSoInOneLine(string json, string expected)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("val.json", json);
        var error = Assert.Throws<DatasetException>(() => CaptionDataset.Load(path, null, s_noFiles));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Load_ManyFaults_CountsAllAndListsTheFirstFew()
    {
        using var folder = new TemporaryFolder();
        var captions = string.Join(",", Enumerable.Range(0, 30).Select(i => $$"""{"image_id": {{i + 100}}, "caption": "c"}"""));
        var path = folder.File("val.json", Entry("""{"id": 1, "file_name": "a"}""", captions));
        var error = Assert.Throws<DatasetException>(() => CaptionDataset.Load(path, null, s_noFiles));
        Assert.Equal(
            $"{path}: 30 problems: annotations[0].image_id 100 is unknown; annotations[1].image_id 101 is unknown; annotations[2].image_id 102 is unknown; "
            + "annotations[3].image_id 103 is unknown; annotations[4].image_id 104 is unknown; …. Mend the file, or let faulty entries be skipped.",
            error.Message);
    }

    [Fact]
    public void Load_BadEntriesSkipped_KeepsTheRestAndReports()
    {
        using var folder = new TemporaryFolder();
        var json = Entry("""{"id": 1, "file_name": "a"}, {"id": 2}""", """{"image_id": 2, "caption": "c"}, {"image_id": 1, "caption": "d"}, {"image_id": 1, "caption": ""}""");
        var dataset = CaptionDataset.Load(folder.File("val.json", json), null, s_noFiles with { BadEntries = FaultPolicy.Skip });
        Assert.Equal(["d"], dataset.Examples.Select(e => e.Caption));
        Assert.Equal(["images[1].file_name is missing", "annotations[0].image_id 2 is unknown", "annotations[2].caption is empty"], dataset.Report.SkippedEntries);
        Assert.Equal("3 entries left out because of faults:", dataset.Report.ToLines().First());
    }

    [Fact]
    public void Load_MissingImages_FailOrAreSkippedWithTheirCaptions()
    {
        using var folder = new TemporaryFolder();
        folder.File("sub/a.jpg", "x");
        var path = folder.File("val.json", Good);
        var error = Assert.Throws<DatasetException>(() => CaptionDataset.Load(path));
        Assert.Equal($"{path}: 1 problem: images[0].file_name b.jpg is not in {folder.Path}. Check the image folder, or let missing pictures be skipped.", error.Message);

        var dataset = CaptionDataset.Load(path, null, new CaptionDatasetOptions { MissingImages = FaultPolicy.Skip });
        Assert.Equal(["sub/a.jpg"], dataset.Images.Select(i => i.FileName));
        Assert.Equal([70L, 72L], dataset.Examples.Select(e => e.Id));
        Assert.Single(dataset.Report.SkippedImages);
    }

    [Fact]
    public void Load_NoImageFolderGiven_FindsItBesideTheAnnotations()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("annotations/val.json", Good);
        folder.File("images/b.jpg", "x");
        folder.File("images/sub/a.jpg", "x");
        Assert.Equal(Path.Combine(folder.Path, "images", "b.jpg"), CaptionDataset.Load(path).Images[0].FilePath);
        folder.File("val/b.jpg", "x");
        folder.File("val/sub/a.jpg", "x");
        Assert.Equal(Path.Combine(folder.Path, "val", "b.jpg"), CaptionDataset.Load(path).Images[0].FilePath);
    }

    [Fact]
    public void Load_NothingToRead_SaysWhatIsMissing()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("cannot be read", Assert.Throws<DatasetException>(() => CaptionDataset.Load(Path.Combine(folder.Path, "no.json"))).Message, StringComparison.Ordinal);
        Assert.Contains("no caption file", Assert.Throws<DatasetException>(() => CaptionDataset.Load(folder.Path)).Message, StringComparison.Ordinal);
        Assert.Contains("extension '.txt' is not known", Assert.Throws<DatasetException>(() => CaptionDataset.Load(folder.File("a.txt", ""))).Message, StringComparison.Ordinal);
        var json = folder.File("x.json", Good);
        Assert.Contains("image folder", Assert.Throws<DatasetException>(() => CaptionDataset.Load(json, Path.Combine(folder.Path, "none"))).Message, StringComparison.Ordinal);
        Assert.Contains("at most 10 are read", Assert.Throws<ConfigurationException>(() => CaptionDataset.Load(json, null, s_noFiles with { MaxFileBytes = 10 })).Message, StringComparison.Ordinal);
        Assert.Contains("MaxFileBytes is 0", Assert.Throws<ConfigurationException>(() => CaptionDataset.Load(json, null, new() { MaxFileBytes = 0 })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_TestSplitWithoutCaptions_NeedsTheOption()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("test.json", Entry("""{"id": 1, "file_name": "a"}""", ""));
        Assert.Throws<DatasetException>(() => CaptionDataset.Load(path, null, s_noFiles));
        Assert.Single(CaptionDataset.Load(path, null, s_noFiles with { AllowNoCaptions = true }).Images);
    }

    [Fact]
    public void WithoutImages_MovesPositionsAndKeepsTheOrder()
    {
        using var folder = new TemporaryFolder();
        var dataset = CaptionDataset.Load(folder.File("val.json", Good), null, s_noFiles).WithoutImages(new HashSet<int> { 0 }, ["b.jpg is damaged"]);
        Assert.Equal([(0, 70L), (0, 72L)], dataset.Examples.Select(e => (e.Image, e.Id)));
        Assert.Equal(["b.jpg is damaged"], dataset.Report.SkippedImages);
    }

    [Fact]
    public void Load_RealFiles_HaveTheKnownCounts()
    {
        var data = Fixture.Data();
        Assert.SkipWhen(data is null, "shared/data is not beside this checkout.");
        foreach (var (set, split, images) in new[] { ("vizwiz-mini", "train", 24), ("vizwiz-mini", "val", 12), ("coco-by", "train", 54), ("coco-by", "val", 18) })
        {
            var dataset = CaptionDataset.Load(Path.Combine(data!, set, "annotations", split + ".json"));
            Assert.Equal(images, dataset.Images.Count);
            Assert.All(dataset.ExamplesByImage(), list => Assert.InRange(list.Count, 5, 7)); // COCO has a few pictures with more than five
        }
    }

    private static string Entry(string images, string annotations) => $$"""{"images": [{{images}}], "annotations": [{{annotations}}]}""";
}
