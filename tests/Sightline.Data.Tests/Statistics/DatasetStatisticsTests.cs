using Sightline.Data.Shapes;
using Sightline.Data.Statistics;
using Sightline.IO;
using Sightline.Tests;
using Sightline.Tokenization;
using Xunit;

namespace Sightline.Data.Tests.Statistics;

public sealed class DatasetStatisticsTests
{
    private static readonly CaptionDataset s_train = new(
        "train",
        [new(1, "a.jpg", "", true), new(2, "b.jpg", ""), new(3, "c.jpg", ""), new(4, "c.jpg", "")],
        [
            new(0, "one two", 1), new(0, "one two", 2), new(0, "x", 3, IsRejected: true), new(1, "bad", 4, IsPrecanned: true), new(1, "bad", 5, IsPrecanned: true),
            new(2, "one two three four", 6),
        ],
        new DataReport(["d.jpg is gone"], [], 3));

    private static readonly CaptionDataset s_val = new("val", [new(9, "b.jpg", "")], [new(0, "one", 1)]);

    private static int Words(string text) => text.Split(' ').Length;

    private static DatasetStatistics Compute() =>
        DatasetStatistics.Compute([("train", s_train), ("val", s_val)], Words, new StatisticsOptions { TokenLimits = [1, 3], MostFrequent = 2 });

    [Fact]
    public void Compute_SmallSet_CountsByHand()
    {
        var train = Compute().Splits[0];
        Assert.Equal((4, 1, 1, 1), (train.Images, train.ImagesWithoutCaptions, train.ImagesWithText, train.ImagesOnlyPrecanned));
        Assert.Equal((6, 2, 1, 4), (train.Captions, train.Precanned, train.Rejected, train.DistinctCaptions));
        Assert.Equal((2, 1), (train.RepeatedWithinImage, train.RepeatedFileNames));
        Assert.Equal([("bad", 2), ("one two", 2)], train.MostFrequent);
        Assert.Equal((11 / 6.0, 1, 4, 4), (train.Tokens.Mean, train.Tokens.Median, train.Tokens.Percentile95, train.Tokens.Longest));
        Assert.Equal([(1, 3), (3, 1)], train.Tokens.Over);
    }

    [Fact]
    public void ToLines_SmallSet_ReadsAsPlainLines() => Assert.Equal(
        """
        Split train:
          4 pictures, 6 captions, 4 different captions.
          1 pictures have no caption; 1 show text.
          2 captions are pre-canned (33.3 percent); 1 pictures have only pre-canned captions.
          1 captions are marked as rejected (16.7 percent).
          2 captions repeat another one of the same picture; 1 file names occur more than once.
          Tokens a caption: mean 1.8, median 1, 95 percent at most 4, longest 4.
          3 captions have more than 1 tokens (50.0 percent).
          1 captions have more than 3 tokens (16.7 percent).
          Most frequent captions:
            2 times: bad
            2 times: one two
          3 captions left out by the flag options.
          1 pictures left out because of faults:
            d.jpg is gone
        Split val:
          1 pictures, 1 captions, 1 different captions.
          0 pictures have no caption; 0 show text.
          0 captions are pre-canned (0.0 percent); 0 pictures have only pre-canned captions.
          0 captions are marked as rejected (0.0 percent).
          0 captions repeat another one of the same picture; 0 file names occur more than once.
          Tokens a caption: mean 1.0, median 1, 95 percent at most 1, longest 1.
          0 captions have more than 1 tokens (0.0 percent).
          0 captions have more than 3 tokens (0.0 percent).
          Most frequent captions:
            1 times: one
        1 pictures are in more than one split by name:
          b.jpg in val has the same name as one in train
        """.ReplaceLineEndings("\n"),
        string.Join("\n", Compute().ToLines()));

    [Fact]
    public void ToJson_SmallSet_HasTheSameNumbers()
    {
        var json = Compute().ToJson();
        Assert.Equal(
            """{"name": "val", "images": 1, "images_without_captions": 0, "images_with_text": 0, "images_only_precanned": 0, "captions": 1, "precanned": 0, "rejected": 0, "distinct_captions": 1, "repeated_within_image": 0, "repeated_file_names": 0, "tokens": {"mean": 1.0, "median": 1, "p95": 1, "longest": 1, "over": {"1": 0, "3": 0}}, "most_frequent": [{"caption": "one", "count": 1}], "skipped_images": 0, "skipped_entries": 0, "filtered_captions": 0}""",
            PythonJson.Serialize(json["splits"]![1], indent: -1));
        Assert.Single(json["images_in_several_splits"]!.AsArray());
    }

    [Fact]
    public void Compute_SameBytesUnderAnotherName_IsFound()
    {
        using var folder = new TemporaryFolder();
        CaptionDataset Set(string name, string text) =>
            new(name, [new(1, name + ".jpg", folder.File(name + ".jpg", text))], [new(0, "c", 1)]);
        var splits = new[] { ("train", Set("a", "same")), ("val", Set("b", "same")), ("test", Set("c", "other")) };
        Assert.Empty(DatasetStatistics.Compute(splits, Words).SharedImages);
        var shared = DatasetStatistics.Compute(splits, Words, new StatisticsOptions { CompareImageBytes = true }).SharedImages;
        Assert.Equal(["b.jpg in val has the same content as a.jpg in train"], shared);
    }

    [Fact]
    public void Compute_NoCaptions_HasNoLengths()
    {
        var empty = DatasetStatistics.Compute([("test", new CaptionDataset("test", [], []))], Words).Splits[0];
        Assert.Equal((0.0, 0), (empty.Tokens.Mean, empty.Tokens.Longest));
    }

    [Fact]
    public void Compute_RealCaptions_HaveTheKnownLengths()
    {
        var file = Fixture.Data("vizwiz-mini", "annotations", "train.json");
        Assert.SkipWhen(file is null, "shared/data is not beside this checkout.");
        var tokenizer = Gpt2Tokenizer.Load(Fixture.Path("tokenizer"));
        var statistics = DatasetStatistics.Compute([("train", CaptionDataset.Load(file!))], text => tokenizer.Encode(text).Length).Splits[0];
        Assert.Equal(120, statistics.Captions);
        Assert.InRange(statistics.Tokens.Mean, 11, 16); // the whole set's mean is 13.4
    }

    [Fact]
    public void Compute_Shapes_CountsTheSpoiltPictures()
    {
        var pictures = ShapesDataset.Generate(ShapesPart.Train, new ShapesOptions { Size = 8, Train = 500 }, TestContext.Current.CancellationToken);
        var statistics = DatasetStatistics.Compute([("train", ShapesDataset.ToCaptionDataset(ShapesPart.Train, pictures))], Words).Splits[0];
        Assert.Equal(pictures.Count(p => p.Scene.Kind == "severe"), statistics.ImagesOnlyPrecanned);
        Assert.InRange(statistics.ImagesOnlyPrecanned, 30, 75); // ten percent
    }
}
