using Microsoft.Extensions.Options;
using Sightline.Generation;
using Sightline.Server.Captioning;
using Sightline.Server.Configuration;
using Xunit;

namespace Sightline.Server.Tests;

public sealed class BatchGathererTests
{
    private const int Window = 7;
    private readonly ManualTime _time = new();
    private readonly BatchGatherer _gatherer;

    public BatchGathererTests() => _gatherer = new BatchGatherer(Options.Create(new ServerOptions { MaxBatch = 4, BatchDelayMs = Window }), _time);

    [Fact]
    public async Task Lone_Requests_NeverWait()
    {
        for (var i = 0; i < 3; i++)
        {
            var next = _gatherer.NextAsync(CancellationToken.None);
            var job = Add();
            Assert.Equal([job], await Done(next));
            Finish([job]);
        }

        Assert.True(_time.IsUntouched);
    }

    [Fact]
    public async Task Requests_WhileABatchRuns_AreTakenTogether()
    {
        var alone = Add();
        Assert.Equal([alone], await Done(_gatherer.NextAsync(CancellationToken.None)));
        CaptionJob[] others = [Add(), Add(), Add(), Add(), Add()];
        Finish([alone]);
        Assert.Equal(others[..4], await Done(_gatherer.NextAsync(CancellationToken.None))); // full: no wait
        Assert.True(_time.IsUntouched);
    }

    [Fact]
    public async Task Request_AfterABatchOfSeveral_WaitsForTheOthers()
    {
        await TakeTogetherAsync(2);
        var next = _gatherer.NextAsync(CancellationToken.None);
        var first = Add();
        Assert.Equal(TimeSpan.FromMilliseconds(Window), await _time.WaitedForAsync());
        Assert.False(next.IsCompleted);
        var second = Add();
        Assert.Equal([first, second], await Done(next)); // as many as last time: the rest of the window is not waited
    }

    [Fact]
    public async Task Request_WhoseCompanyStaysAway_StartsAfterTheWindow_AndTheNextAtOnce()
    {
        await TakeTogetherAsync(3);
        var next = _gatherer.NextAsync(CancellationToken.None);
        CaptionJob[] came = [Add()];
        await _time.WaitedForAsync();
        Assert.False(next.IsCompleted);
        await _time.EndWaitAsync();
        Assert.Equal(came, await Done(next));
        Finish(came);
        var lone = Add(); // the clock stands still: a wait would never end
        Assert.Equal([lone], await Done(_gatherer.NextAsync(CancellationToken.None)));
    }

    [Fact]
    public async Task TwoClients_OutOfStep_FallIntoStep()
    {
        var first = Add();
        Assert.Equal([first], await Done(_gatherer.NextAsync(CancellationToken.None)));
        var second = Add(); // while the first one is in the model
        Finish([first]);
        var next = _gatherer.NextAsync(CancellationToken.None);
        await _time.WaitedForAsync();
        var firstAgain = Add();
        Assert.Equal([second, firstAgain], await Done(next));
    }

    [Fact]
    public async Task Clients_ThatLeaveInTheWindow_AreNotWaitedFor()
    {
        await TakeTogetherAsync(2);
        using var leaving = new CancellationTokenSource();
        var next = _gatherer.NextAsync(CancellationToken.None);
        var leaver = Add(leaving.Token);
        await _time.WaitedForAsync();
        leaving.Cancel();
        CaptionJob[] stayers = [Add(), Add()];
        Assert.Equal(stayers, await Done(next));
        Assert.True(leaver.Result.IsCanceled);
    }

    private CaptionJob Add(CancellationToken cancellationToken = default)
    {
        var job = new CaptionJob(new PreparedImage("picture", 1, 1, [0, 0, 0]), new CaptionRequest(new GenerationOptions()), 0, null, cancellationToken);
        _gatherer.Add(job);
        return job;
    }

    private async Task TakeTogetherAsync(int count)
    {
        CaptionJob[] jobs = [.. Enumerable.Range(0, count).Select(_ => Add())];
        Assert.Equal(jobs, await Done(_gatherer.NextAsync(CancellationToken.None)));
        Finish(jobs);
    }

    // As the worker does it: first the gatherer hears of it, then the clients.
    private void Finish(IReadOnlyList<CaptionJob> batch)
    {
        _gatherer.NoteModelFree();
        foreach (var job in batch)
            job.Cancel();
    }

    private static Task<IReadOnlyList<CaptionJob>> Done(Task<IReadOnlyList<CaptionJob>> next) => next.WaitAsync(TimeSpan.FromSeconds(30));
}
