using Sightline.Data.Pipeline;
using Xunit;

namespace Sightline.Data.Tests.Pipeline;

public sealed class PrefetcherTests
{
    private static readonly PrefetchOptions s_options = new() { Workers = 4, Ahead = 8 };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 1)]
    [InlineData(1, 8)]
    [InlineData(4, 8)]
    public void Run_UnevenWork_KeepsTheOrder(int workers, int ahead)
    {
        var results = Prefetcher.Run(
            Enumerable.Range(0, 200),
            i =>
            {
                if (i % 7 == 0)
                    Thread.Sleep(2);
                return i * i;
            },
            new PrefetchOptions { Workers = workers, Ahead = ahead },
            Cancellation);
        Assert.Equal(Enumerable.Range(0, 200).Select(i => i * i), results);
    }

    [Fact]
    public void Run_SlowReader_DoesNotRunFurtherAheadThanAllowed()
    {
        var started = 0;
        var read = 0;
        var furthest = 0;
        foreach (var _ in Prefetcher.Run(Enumerable.Range(0, 100), i => Interlocked.Increment(ref started), s_options, Cancellation))
        {
            furthest = Math.Max(furthest, Volatile.Read(ref started) - read);
            read++;
            Thread.Sleep(1);
        }

        Assert.Equal(100, read);
        Assert.InRange(furthest, 2, s_options.Ahead + 1); // ahead of the reader, who holds one
    }

    [Fact]
    public void Run_ManyWorkers_WorkAtTheSameTimeButNoMoreThanAllowed()
    {
        var (current, most) = (0, 0);
        var gate = new Lock();
        foreach (var _ in Prefetcher.Run(Enumerable.Range(0, 60), Work, s_options, Cancellation))
        {
        }

        Assert.InRange(most, 2, s_options.Workers);

        int Work(int i)
        {
            lock (gate)
                most = Math.Max(most, ++current);
            Thread.Sleep(5);
            lock (gate)
                current--;
            return i;
        }
    }

    [Fact]
    public void Run_WorkFails_ThrowsWhenItsTurnComesAndStops()
    {
        var started = 0;
        var seen = new List<int>();
        var error = Assert.Throws<DatasetException>(() =>
        {
            foreach (var i in Prefetcher.Run(Enumerable.Range(0, 100_000), Work, s_options, Cancellation))
                seen.Add(i);
        });
        Assert.Equal("picture 20 is bad", error.Message);
        Assert.Equal(Enumerable.Range(0, 20), seen);
        Assert.InRange(started, 21, 20 + s_options.Ahead + 2);

        int Work(int i)
        {
            Interlocked.Increment(ref started);
            return i == 20 ? throw new DatasetException("picture 20 is bad") : i;
        }
    }

    [Fact]
    public void Run_ItemsFail_ThrowsThatError() =>
        Assert.Throws<FormatException>(() => Prefetcher.Run(Enumerable.Range(0, 5).Select(i => i == 3 ? throw new FormatException() : i), i => i, s_options, Cancellation).ToList());

    [Fact]
    public void Run_ReaderStopsEarly_NoWorkRunsOn()
    {
        var running = 0;
        foreach (var i in Prefetcher.Run(Enumerable.Range(0, 1000), Work, s_options, Cancellation))
        {
            if (i == 5)
                break;
        }

        Assert.Equal(0, Volatile.Read(ref running));

        int Work(int i)
        {
            Interlocked.Increment(ref running);
            Thread.Sleep(3);
            Interlocked.Decrement(ref running);
            return i;
        }
    }

    [Fact]
    public void Run_Cancelled_ThrowsAndEnds()
    {
        using var cancel = new CancellationTokenSource();
        var seen = 0;
        Assert.ThrowsAny<OperationCanceledException>(() =>
        {
            foreach (var _ in Prefetcher.Run(Enumerable.Range(0, int.MaxValue), i => i, s_options, cancel.Token))
            {
                if (++seen == 50)
                    cancel.Cancel();
            }
        });
        Assert.InRange(seen, 50, 50 + s_options.Ahead + 1);
    }

    [Fact]
    public void Run_BadOptions_NamesThem() =>
        Assert.Equal(
            "prefetch options: workers is 0, expected 1 to 1024; ahead is -1, expected 1 to 65536.",
            Assert.Throws<ConfigurationException>(() => Prefetcher.Run([1], i => i, new PrefetchOptions { Workers = 0, Ahead = -1 }, Cancellation)).Message);
}
