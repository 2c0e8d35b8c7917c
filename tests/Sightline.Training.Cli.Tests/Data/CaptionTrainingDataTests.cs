using Sightline.Data;
using Sightline.Data.Pipeline;
using Sightline.Data.Sampling;
using Sightline.Imaging;
using Sightline.Tokenization;
using Sightline.Training.Cli.Data;
using Xunit;

namespace Sightline.Training.Cli.Tests.Data;

public sealed class CaptionTrainingDataTests
{
    private const int Side = 2;
    private static readonly string[] s_captions = ["a cat", "a small cat on a mat", "a dog", "dog", "a b c d e f", "mat", "on a mat"];
    private static readonly int[] s_images = [0, 0, 1, 1, 1, 3, 3]; // picture 2 has no caption
    private static readonly CaptionDataset s_dataset = new(
        "test",
        [.. Enumerable.Range(0, 4).Select(i => new CaptionImage(i, $"{i}.png", ""))],
        [.. s_captions.Select((caption, i) => new CaptionExample(s_images[i], caption, 100 + i))]);
    private static readonly MemoryPixelSource s_pixels = new(
        Side, Side, [.. Enumerable.Range(0, 4).Select(image => Enumerable.Range(0, 3 * Side * Side).Select(i => (byte)((40 * image) + i)).ToArray())]);
    private static readonly Gpt2Tokenizer s_tokenizer = BpeTrainer.Train(s_captions, new BpeTrainerOptions { VocabularySize = 280 });
    private static readonly ImageProcessorConfig s_processor = new() { Size = new ImageSize(Side, Side) };

    [Fact]
    public void ReadEpoch_Examples_ComeInTheTrainersOrder()
    {
        var data = Make(new TrainingArguments { Seed = 7 });
        Assert.Equal(s_captions.Length, data.Count);
        foreach (var epoch in new[] { 1, 0, 2 })
        {
            var expected = RandomSampler.ForTrainer(s_captions.Length, 7).Epoch(epoch).Select(i => $"{100 + i}");
            Assert.Equal(expected, data.ReadEpoch(epoch, 3, 0).SelectMany(batch => batch.Ids));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ReadEpoch_FromABatch_GivesWhatWasLeft(bool group)
    {
        var data = Make(new TrainingArguments { GroupCaptions = group });
        var all = data.ReadEpoch(1, 2, 0).ToList();
        var rest = data.ReadEpoch(1, 2, 1).ToList();
        Assert.Equal(all.Skip(1).Select(batch => batch.Labels.ToArray()), rest.Select(batch => batch.Labels.ToArray()));
        Assert.Equal(all.Skip(1).Select(batch => batch.PixelValues.ToArray()), rest.Select(batch => batch.PixelValues.ToArray()));
        Assert.Empty(data.ReadEpoch(1, 2, all.Count));
    }

    [Fact]
    public void ReadEpoch_MaskedLoss_PadsToTheLongestOfTheBatch()
    {
        foreach (var batch in Make(new TrainingArguments()).ReadEpoch(0, 2, 0))
        {
            var rows = batch.Labels.ToArray().Chunk(batch.LabelLength).ToList();
            var captions = batch.Ids.Select(id => Ids(s_captions[int.Parse(id) - 100])).ToList();
            Assert.Equal(captions.Max(ids => ids.Length), batch.LabelLength);
            Assert.Equal(captions, rows.Select(row => row.TakeWhile(label => label != CaptionBatch.IgnoredLabel).ToArray()));
            Assert.All(rows.Zip(captions), pair => Assert.All(pair.First[pair.Second.Length..], label => Assert.Equal(CaptionBatch.IgnoredLabel, label)));
            Assert.Null(batch.ImageIndex);
        }
    }

    [Fact]
    public void ReadEpoch_PadLoss_PadsToTheLabelLength() =>
        Assert.All(Make(new TrainingArguments { Loss = LossKind.Pad, LabelMaxLength = 30 }).ReadEpoch(0, 2, 0), batch => Assert.Equal(30, batch.LabelLength));

    [Fact]
    public void ReadEpoch_LongCaption_KeepsItsEndToken()
    {
        var labels = CaptionLabels.Make(s_dataset, s_tokenizer, maxLength: 3);
        var end = s_tokenizer.EosTokenId!.Value;
        for (var i = 0; i < labels.Length; i++)
        {
            var all = Ids(s_captions[i]);
            Assert.Equal(all.Length <= 3 ? all : [all[0], all[1], end], labels[i]);
        }
    }

    [Fact]
    public void ReadEpoch_Grouped_HasEachPictureOnceWithAllItsCaptions()
    {
        var data = Make(new TrainingArguments { GroupCaptions = true });
        Assert.Equal(3, data.Count);
        var batch = Assert.Single(data.ReadEpoch(0, 3, 0));
        Assert.Equal((3, s_captions.Length), (batch.ImageCount, batch.RowCount));
        var index = batch.ImageIndex!.Value.ToArray();
        for (var row = 0; row < index.Length; row++)
        {
            var caption = int.Parse(batch.Ids[row]) - 100;
            Assert.Equal(Values(s_images[caption]), Picture(batch, (int)index[row]));
        }
    }

    [Fact]
    public void Read_Evaluation_KeepsTheOrderAndSharesPictures()
    {
        var batches = Make(new TrainingArguments()).Read(4).ToList();
        Assert.Equal(Enumerable.Range(100, s_captions.Length).Select(id => $"{id}"), batches.SelectMany(batch => batch.Ids));
        Assert.Equal([2, 2], batches.Select(batch => batch.ImageCount));
        Assert.Equal([0L, 0, 1, 1], batches[0].ImageIndex!.Value.ToArray());
    }

    [Fact]
    public void ReadEpoch_Pixels_AreTheProcessorsOwn()
    {
        var batch = Make(new TrainingArguments()).ReadEpoch(0, 1, 0).First();
        Assert.Equal(Values(s_images[int.Parse(batch.Ids[0]) - 100]), Picture(batch, 0));
        Assert.NotEqual(Values(0), Values(1));
    }

    private static CaptionTrainingData Make(TrainingArguments arguments) =>
        new(s_dataset, s_pixels, new PixelTable(s_processor), CaptionLabels.Make(s_dataset, s_tokenizer, arguments.LabelMaxLength), arguments);

    private static long[] Ids(string caption) => [.. s_tokenizer.Encode(caption).Append(s_tokenizer.EosTokenId!.Value).Select(id => (long)id)];

    private static float[] Values(int image)
    {
        var pixels = new byte[3 * Side * Side];
        s_pixels.Read(image, pixels);
        return new ViTImageProcessor(s_processor).Preprocess(new RgbImage(Side, Side, pixels));
    }

    private static float[] Picture(CaptionBatch batch, int image) => batch.PixelValues.Slice(image * 3 * Side * Side, 3 * Side * Side).ToArray();
}
