using Sightline.Generation;
using Xunit;

namespace Sightline.Tests.Generation;

public sealed class DraftTableTests
{
    private const int Start = 9;
    private readonly DraftTable _table = new(5);

    [Fact]
    public void Propose_NothingLearned_GuessesNothing() => Assert.Empty(Propose(Start));

    [Fact]
    public void Propose_AfterTheSameCaptionTwice_GivesThePhraseUpToItsEnd()
    {
        Learn(Start, 1, 2, 3, 4, 0);
        Learn(Start, 1, 2, 3, 4, 0);
        Assert.Equal([2, 3, 4], Propose(Start, 1)); // 2/3 · 2/3 · 2/3; then the end, which needs no guess
        Assert.Equal([1, 2, 3], Propose(Start)); // the fourth would be right with less than 0.2
        Assert.Empty(Propose(Start, 1, 2, 3, 4));
    }

    [Fact]
    public void Propose_CaptionCutOff_GuessesItsLastTokenToo()
    {
        Learn(ended: false, Start, 1, 2);
        Assert.Equal([2], Propose(Start, 1));
    }

    [Fact]
    public void Propose_LongerContextKnown_GoesBeforeTheShorter()
    {
        for (var i = 0; i < 9; i++)
            Learn(Start, 5, 6, 7, 0);
        Learn(Start, 4, 6, 8, 0);
        Assert.Equal(7, Propose(Start, 5, 6)[0]);
        Assert.Equal(8, Propose(Start, 4, 6)[0]);
        Assert.Equal(7, Propose(Start, 3, 6)[0]); // 3 was never seen: by what follows 6 alone
    }

    [Fact]
    public void Propose_EvenChances_StopsWhereTheGuessIsUnlikely()
    {
        foreach (var follower in new[] { 1, 2, 3, 4, 5, 6 })
            Learn(Start, follower, 7, 0);
        Assert.Empty(Propose(Start));
    }

    [Fact]
    public void Propose_ShortBuffer_FillsItOnly()
    {
        for (var i = 0; i < 50; i++)
            Learn(Start, 1, 2, 3, 4, 0);
        Assert.Equal([1, 2], ProposeUpTo(2, [Start]));
        Assert.Equal([1, 2, 3, 4], Propose(Start));
    }

    [Fact]
    public void Learn_MoreThanItKeeps_ForgetsWhatWasSeenOnceFirst()
    {
        for (var i = 0; i < 20; i++)
            Learn(Start, 1, 2, 3, 0);
        for (var i = 0; i < 30_000; i++)
            Learn(Start, 1000 + (3 * i), 1001 + (3 * i), 1002 + (3 * i), 0);
        Assert.Equal([2, 3], Propose(Start, 1));
        Assert.Empty(Propose(Start, 1000));
        Assert.InRange(_table.Contexts, 1, 1 << 16);
    }

    [Fact]
    public void LearnAndPropose_FromSeveralThreads_DoNotDisturbEachOther()
    {
        Parallel.For(0, 2000, i =>
        {
            Learn(Start, i % 7, 2, i % 5, 0);
            Assert.True(Propose(Start, i % 7).Length <= 5);
        });
        Assert.Equal(2, Propose(Start, 3)[0]);
    }

    private void Learn(params int[] tokens) => _table.Learn(tokens, ended: true);

    private void Learn(bool ended, params int[] tokens) => _table.Learn(tokens, ended);

    private int[] Propose(params ReadOnlySpan<int> tokens) => ProposeUpTo(5, tokens);

    private int[] ProposeUpTo(int most, ReadOnlySpan<int> tokens)
    {
        Span<int> draft = stackalloc int[most];
        return draft[.._table.Propose(tokens, draft)].ToArray();
    }
}
