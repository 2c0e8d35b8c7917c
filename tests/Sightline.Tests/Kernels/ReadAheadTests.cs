using System.Runtime.Intrinsics.X86;
using Sightline.Kernels;
using Xunit;

namespace Sightline.Tests.Kernels;

/// <summary>What waiting threads ask for; the memory itself is never touched, so these addresses need not exist.</summary>
public sealed unsafe class ReadAheadTests
{
    private const long Start = 1 << 20;

    [Theory]
    [InlineData(7, 8192)]
    [InlineData(3, 4096)]
    [InlineData(1, 4096)]
    public void Step_Blocks_EndsWithEachThreadsShare(int blocks, int blockBytes)
    {
        var ahead = new ReadAhead(2);
        ahead.Announce((byte*)Start, blocks, blockBytes);
        var half = Start + (blocks / 2 * blockBytes);
        Assert.Equal((Start, half), Range(ahead, 0));
        Assert.Equal((half, Start + (blocks * blockBytes)), Range(ahead, 1));
    }

    [Fact]
    public void Step_ManyBlocks_StopsAtAPartOfTheCache()
    {
        var ahead = new ReadAhead(1);
        ahead.Announce((byte*)Start, 1000, 1 << 20);
        var (first, end) = Range(ahead, 0);
        Assert.Equal(Start, first);
        Assert.InRange(end - first, 1 << 16, 1 << 20);
    }

    [Fact]
    public void Step_AnnouncedAgain_BeginsAnew()
    {
        var ahead = new ReadAhead(1);
        var place = default(ReadAhead.Place);
        Assert.False(ahead.Step(0, ref place)); // nothing was announced
        ahead.Announce((byte*)Start, 4, 4096);
        while (ahead.Step(0, ref place))
            continue;
        ahead.Announce((byte*)(2 * Start), 1, 4096);
        _ = ahead.Step(0, ref place);
        Assert.InRange(place.Next, 2 * Start, (2 * Start) + 4096);
        Assert.Equal(2 * Start + 4096, place.End);
    }

    private static (long First, long End) Range(ReadAhead ahead, int thread)
    {
        Assert.SkipUnless(Sse.IsSupported, "Only x86 processors are asked.");
        var place = default(ReadAhead.Place);
        var steps = 0;
        while (ahead.Step(thread, ref place))
            steps++;
        var first = place.Next - (steps * 1024L);
        Assert.Equal(place.End - first, steps * 1024L);
        return (first, place.End);
    }
}
