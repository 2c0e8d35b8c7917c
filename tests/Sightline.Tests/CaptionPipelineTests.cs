using Xunit;

namespace Sightline.Tests;

public sealed class CaptionPipelineTests
{
    private static readonly string[] s_shapes = [.. Directory.GetFiles(Fixture.Path("images", "shapes"), "*.png").Order(StringComparer.Ordinal)];

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 2)]
    [InlineData(64, 8)]
    public async Task Run_ManyPictures_GivesTheCaptionsOfOneByOneInOrder(int batch, int readers)
    {
        using var captioner = Captioner.Load(Fixture.Path("checkpoints", "t-base"));
        var expected = captioner.Describe(s_shapes).Select(caption => caption.Text).ToArray();
        Assert.True(expected.Distinct().Count() > 3);
        var pipeline = new CaptionPipeline(captioner, pipelineOptions: new CaptionPipelineOptions { BatchSize = batch, Readers = readers });
        var i = 0;
        await foreach (var outcome in pipeline.RunAsync(Enumerable.Range(0, 30), Open, TestContext.Current.CancellationToken))
        {
            Assert.Equal(i, outcome.Item);
            if (i % 10 == 9)
                Assert.Equal("none here", outcome.Error?.Message);
            else
                Assert.Equal(expected[i % s_shapes.Length], outcome.Caption?.Text);
            i++;
        }

        Assert.Equal(30, i);

        static ImageInput Open(int item) => item % 10 == 9 ? throw new ImageDecodeException("none here") : ImageInput.FromFile(s_shapes[item % s_shapes.Length]);
    }

    [Fact]
    public async Task Run_SlowReader_IsNotReadFarAheadOf()
    {
        using var captioner = Captioner.Load(Fixture.Path("checkpoints", "t-base"));
        var taken = 0;
        var pipeline = new CaptionPipeline(captioner, pipelineOptions: new CaptionPipelineOptions { BatchSize = 2, Readers = 1 });
        var given = 0;
        await foreach (var outcome in pipeline.RunAsync(Items(), item => ImageInput.FromFile(s_shapes[item % 6]), TestContext.Current.CancellationToken))
        {
            given++;
            await Task.Delay(5, TestContext.Current.CancellationToken);
            Assert.InRange(Volatile.Read(ref taken), given, given + 10); // two batches, the one in hand, and those between hands
        }

        Assert.Equal(40, given);

        IEnumerable<int> Items()
        {
            for (var i = 0; i < 40; i++)
            {
                Interlocked.Increment(ref taken);
                yield return i;
            }
        }
    }

    [Fact]
    public async Task Run_ItemsThatThrow_GivesWhatWasBeforeAndThrows()
    {
        using var captioner = Captioner.Load(Fixture.Path("checkpoints", "t-base"));
        var given = 0;
        var e = await Assert.ThrowsAsync<ConfigurationException>(async () =>
        {
            await foreach (var outcome in new CaptionPipeline(captioner).RunAsync(Items(), ImageInput.FromFile, TestContext.Current.CancellationToken))
                given++;
        });
        Assert.Equal("the list is damaged", e.Message);
        Assert.Equal(3, given);

        static IEnumerable<string> Items()
        {
            for (var i = 0; i < 3; i++)
                yield return s_shapes[i];
            throw new ConfigurationException("the list is damaged");
        }
    }

    [Fact]
    public void Options_OutOfRange_AreRefusedTogether()
    {
        using var captioner = Captioner.Load(Fixture.Path("checkpoints", "t-base"));
        var e = Assert.Throws<ConfigurationException>(() => new CaptionPipeline(captioner, pipelineOptions: new CaptionPipelineOptions { BatchSize = 0, Readers = -1, Linger = TimeSpan.FromDays(2) }));
        Assert.All(["BatchSize", "Readers", "Linger"], name => Assert.Contains(name, e.Message, StringComparison.Ordinal));
    }
}
