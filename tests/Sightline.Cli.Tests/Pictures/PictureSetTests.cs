using System.Formats.Tar;
using Sightline.Cli.Pictures;
using Sightline.Tests;
using Xunit;

namespace Sightline.Cli.Tests.Pictures;

public sealed class PictureSetTests
{
    private static readonly string s_shape = Fixture.Path("images", "shapes", "shape0.png");

    [Fact]
    public async Task Open_Lists_GiveTheirPicturesInOrder()
    {
        using var folder = new TemporaryFolder();
        folder.Take("images/shapes", "pictures");
        await Ids("list.jsonl", "{\"image\":\"pictures/shape2.png\",\"id\":7}\r\n\n{\"file_name\":\"pictures/shape1.png\"}", ["7", "pictures/shape1.png"]);
        await Ids("list.csv", "id,image\nx,pictures/shape0.png\n\"a, b\",\"pictures/shape1.png\"\n", ["x", "a, b"]);
        await Ids("list.tsv", "file_name\tother\npictures/shape0.png\t1\n", ["pictures/shape0.png"]);

        async Task Ids(string name, string text, string[] ids)
        {
            await File.WriteAllTextAsync(folder.At(name), text, TestContext.Current.CancellationToken);
            var pictures = PictureSet.Open([folder.At(name)], recursive: false).ToList();
            Assert.Equal(ids, pictures.Select(picture => picture.Id));
            Assert.All(pictures, picture => Assert.True(File.Exists(picture.Open().Name)));
        }
    }

    public static TheoryData<string, string, string> BadLists() => new()
    {
        { "list.jsonl", "{\"image\":\"a.png\"}\n{\"id\":\"x\"}\n", "line 2: 'image' is missing" },
        { "list.jsonl", "{\"image\":\"a.png\"}\nhello\n", "line 2: not valid JSON" },
        { "list.jsonl", "[1]\n", "line 1: not a JSON object" },
        { "list.jsonl", "{\"image\":\"a.png\",\"id\":[1]}\n", "'id' is [1]" },
        { "list.jsonl", "{\"image\":\"\"}\n", "'image' is missing" },
        { "list.csv", "", "empty" },
        { "list.csv", "id,path\n1,a.png\n", "one named 'image' was expected" },
        { "list.csv", "id,image\n1\n", "line 2: 1 fields; the first row has 2" },
        { "list.csv", "id,image\n1,\n", "is empty" },
        { "list.csv", "id,image\n1,\"a.png\n", "not closed" },
        { "list.tar", "this is no tar", "cannot be read as a tar" },
        { "nothing.jsonl", "", "cannot be read" },
    };

    [Theory]
    [MemberData(nameof(BadLists))]
    public void Open_BadList_SaysWhatIsWrong(string name, string text, string expected)
    {
        using var folder = new TemporaryFolder();
        if (!name.StartsWith("nothing", StringComparison.Ordinal))
            File.WriteAllText(folder.At(name), text);
        var e = Assert.Throws<ConfigurationException>(() => PictureSet.Open([folder.At(name)], recursive: false).Count());
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void Open_Tars_ReadPicturesFromTheirPlaces()
    {
        using var folder = new TemporaryFolder();
        WriteTar(folder.At("b.tar"), ("x/1.png", 0), ("x/1.json", 1), ("x/._2.png", 0), ("x/2.JPG", 2));
        WriteTar(folder.At("a.tar"), ("3.png", 3));
        var pictures = PictureSet.Open([folder.Root], recursive: false).ToList();
        Assert.Equal(["a.tar/3.png", "b.tar/x/1.png", "b.tar/x/2.JPG"], pictures.Select(picture => picture.Id));
        Assert.Equal(pictures.Select(picture => picture.Id), PictureSet.Open([folder.At("*.tar")], recursive: false).Select(picture => picture.Id));
        using var captioner = Captioner.Load(Fixture.Path("checkpoints", "t-base"));
        Assert.Equal([3, 0, 2], pictures.Select(picture => Array.FindIndex(Shapes(), shape => captioner.Prepare(shape).PixelValues.SequenceEqual(captioner.Prepare(picture.Open()).PixelValues))));
    }

    [Fact]
    public void Open_TarThatIsCutOff_GivesThePicturesBeforeAndSaysWhatIsWrong()
    {
        using var folder = new TemporaryFolder();
        var path = folder.At("a.tar");
        WriteTar(path, ("1.png", 0), ("2.png", 1));
        using (var file = File.OpenWrite(path))
            file.SetLength(600);
        var e = Assert.ThrowsAny<SightlineException>(() => PictureSet.Open([path], recursive: false).Select(picture => picture.Open()).Count());
        Assert.Contains("a.tar", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_SeveralKinds_IsRefused()
    {
        using var folder = new TemporaryFolder();
        WriteTar(folder.At("a.tar"), ("1.png", 0));
        Assert.Contains("one kind", Assert.Throws<ConfigurationException>(() => PictureSet.Open([folder.At("a.tar"), s_shape], recursive: false)).Message, StringComparison.Ordinal);
        Assert.Contains("no such file", Assert.Throws<ConfigurationException>(() => PictureSet.Open([folder.At("nothing.png")], recursive: false)).Message, StringComparison.Ordinal);
    }

    private static string[] Shapes() => [.. Directory.GetFiles(Fixture.Path("images", "shapes"), "*.png").Order(StringComparer.Ordinal)];

    private static void WriteTar(string path, params (string Name, int Shape)[] entries)
    {
        using var writer = new TarWriter(File.Create(path));
        foreach (var (name, shape) in entries)
            writer.WriteEntry(Shapes()[shape], name);
    }
}
