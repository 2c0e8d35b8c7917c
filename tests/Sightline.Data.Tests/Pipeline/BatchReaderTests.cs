using Sightline.Data.Pipeline;
using Sightline.Data.Sampling;
using Sightline.Data.Shapes;
using Sightline.Imaging;
using Xunit;

namespace Sightline.Data.Tests.Pipeline;

public sealed class BatchReaderTests
{
    private static readonly ImageProcessorConfig s_processor = new() { Size = new ImageSize(16, 16) };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Read_FromFilesAndFromMemory_GivesTheSamePixels()
    {
        using var folder = new TemporaryFolder();
        var fromFiles = TestPictures.Write(folder);
        var pictures = ShapesDataset.Generate(ShapesPart.Train, TestPictures.Options, Cancellation);
        var inMemory = ShapesDataset.ToCaptionDataset(ShapesPart.Train, pictures);
        Assert.Equal(fromFiles.Examples, inMemory.Examples);

        var order = RandomSampler.ForTrainer(fromFiles.Examples.Count, 42).Epoch(0);
        var memory = new BatchReader(inMemory, new MemoryPixelSource(16, 16, [.. pictures.Select(p => p.Pixels)])).Read(order, cancellation: Cancellation).ToList();
        var files = new BatchReader(fromFiles, new FilePixelSource(fromFiles, s_processor)).Read(order, cancellation: Cancellation).ToList();
        Assert.Equal(8, files.Count);
        Assert.Equal(4, files[^1].Examples.Length);
        Assert.Equal(order, files.SelectMany(b => b.Examples));
        for (var i = 0; i < files.Count; i++)
        {
            Assert.Equal(i, files[i].Number);
            Assert.Equal(files[i].Pixels, memory[i].Pixels);
            for (var k = 0; k < files[i].Examples.Length; k++)
            {
                Assert.Equal(fromFiles.Examples[files[i].Examples[k]].Image, files[i].Images[files[i].PixelRows[k]]);
                Assert.Equal(pictures[files[i].Images[k]].Pixels, files[i].Pixels.AsSpan(k * 768, 768));
            }
        }

        Assert.NotEqual(files[0].Pixels, files[1].Pixels);
    }

    [Fact]
    public void Read_FromABatchOn_EqualsTheRestOfTheEpoch()
    {
        var (dataset, source) = InMemory();
        var order = RandomSampler.ForTrainer(dataset.Examples.Count, 1).Epoch(2);
        var reader = new BatchReader(dataset, source, new BatchOptions { BatchSize = 7, DropLast = true });
        var all = reader.Read(order, cancellation: Cancellation).ToList();
        var rest = reader.Read(order, 3, Cancellation).ToList();
        Assert.Equal(8, all.Count);
        Assert.Equal(reader.BatchCount(order.Length), all.Count);
        Assert.Equal(all.Skip(3).Select(b => b.Number), rest.Select(b => b.Number));
        Assert.Equal(all.Skip(3).SelectMany(b => b.Pixels), rest.SelectMany(b => b.Pixels));
        Assert.Empty(reader.Read(order, 8, Cancellation));
    }

    [Fact]
    public void Read_SharedImages_HoldsEachPictureOnce()
    {
        var (dataset, source) = InMemory();
        var order = Enumerable.Range(0, dataset.Examples.Count).ToArray();
        var batch = new BatchReader(dataset, source, new BatchOptions { BatchSize = 12, ShareImages = true }).Read(order, cancellation: Cancellation).First();
        Assert.Equal([0, 1, 2], batch.Images);
        Assert.Equal([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2], batch.PixelRows);
        Assert.Equal(3 * 768, batch.Pixels.Length);
    }

    [Fact]
    public void Read_DamagedPicture_NamesTheFileWhenItsTurnComes()
    {
        using var folder = new TemporaryFolder();
        var dataset = TestPictures.Write(folder);
        File.WriteAllText(dataset.Images[7].FilePath, "no picture");
        File.Delete(dataset.Images[9].FilePath);
        var source = new FilePixelSource(dataset, s_processor);
        var order = Enumerable.Range(0, dataset.Examples.Count).ToArray();
        var read = new List<int>();
        var error = Assert.ThrowsAny<SightlineException>(() =>
        {
            foreach (var batch in new BatchReader(dataset, source, new BatchOptions { BatchSize = 5 }).Read(order, cancellation: Cancellation))
                read.Add(batch.Number);
        });
        Assert.Contains(dataset.Images[7].FileName, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal(Enumerable.Range(0, 7), read);

        var faulty = source.FindFaulty(cancellation: Cancellation);
        Assert.Equal([7, 9], faulty.Select(f => f.Image));
        Assert.All(faulty, f => Assert.Contains(dataset.Images[f.Image].FileName, f.Problem, StringComparison.Ordinal));
    }

    [Fact]
    public void Reader_BadArguments_SaySo()
    {
        var (dataset, source) = InMemory();
        Assert.Throws<ArgumentException>(() => new BatchReader(dataset, new MemoryPixelSource(16, 16, [])));
        Assert.Throws<ArgumentException>(() => new MemoryPixelSource(16, 16, [new byte[5]]));
        Assert.Throws<ConfigurationException>(() => new BatchReader(dataset, source, new BatchOptions { BatchSize = 0 }));
        Assert.Throws<ConfigurationException>(() => new FilePixelSource(dataset, new ImageProcessorConfig { DoResize = false }));
    }

    private static (CaptionDataset Dataset, IPixelSource Source) InMemory()
    {
        var pictures = ShapesDataset.Generate(ShapesPart.Train, TestPictures.Options, Cancellation);
        return (ShapesDataset.ToCaptionDataset(ShapesPart.Train, pictures), new MemoryPixelSource(16, 16, [.. pictures.Select(p => p.Pixels)]));
    }
}
