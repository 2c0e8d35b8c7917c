using Sightline.Kernels;
using Xunit;

namespace Sightline.Tests.Kernels;

public sealed unsafe class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void For_ManyLoopsFromManyCallers_RunsEveryBlockOnce(int threads)
    {
        var pool = WorkerPool.Get(threads);
        Assert.Equal(threads, pool.Threads);
        Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 4 }, caller =>
        {
            for (var loop = 0; loop < 300; loop++)
            {
                var counts = new int[loop % 40];
                fixed (int* start = counts)
                    pool.For(counts.Length, &Count, pool, start);
                Assert.All(counts, count => Assert.Equal(1, count));
            }
        });
    }

    [Fact]
    public void For_AfterASleep_WakesItsThreads()
    {
        var pool = WorkerPool.Get(3);
        Thread.Sleep(50); // longer than the threads spin
        var counts = new int[100];
        fixed (int* start = counts)
            pool.For(counts.Length, &Count, pool, start);
        Assert.All(counts, count => Assert.Equal(1, count));
    }

    [Fact]
    public void For_BodyThrows_GivesTheExceptionAndGoesOnWorking()
    {
        var pool = WorkerPool.Get(2);
        Assert.Throws<InvalidOperationException>(() => pool.For(10, &Fail, pool, null));
        var counts = new int[10];
        fixed (int* start = counts)
            pool.For(counts.Length, &Count, pool, start);
        Assert.All(counts, count => Assert.Equal(1, count));
    }

    [Fact]
    public void PhysicalCores_SiblingLists_CountsEachCoreOnce()
    {
        using var folder = new TemporaryFolder();
        foreach (var (cpu, siblings) in new[] { (0, "0,2"), (1, "1,3"), (2, "0,2"), (3, "1,3") })
        {
            Directory.CreateDirectory(folder[$"cpu{cpu}/topology"]);
            File.WriteAllText(folder[$"cpu{cpu}/topology/thread_siblings_list"], siblings + "\n");
        }

        Assert.Equal(2, ProcessorTopology.CountCores(folder[""]));
        Assert.Equal(Environment.ProcessorCount, ProcessorTopology.CountCores(folder["none"]));
        Assert.InRange(ProcessorTopology.PhysicalCores, 1, Environment.ProcessorCount);
    }

    private static void Count(object self, void* arguments, int block) => Interlocked.Increment(ref ((int*)arguments)[block]);

    private static void Fail(object self, void* arguments, int block) => throw new InvalidOperationException();
}
