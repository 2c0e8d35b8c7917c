using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using NATS.Client.JetStream;
using Sightline.Cli.Output;

namespace Sightline.Worker.Queue;

/// <summary>Takes jobs, captions them, stores results, and only then tells the server that they are done.</summary>
/// <param name="queue">Where jobs come from.</param>
/// <param name="pipeline">Makes the captions.</param>
/// <param name="options">Of the queue.</param>
/// <param name="settings">Of this worker.</param>
/// <param name="terminal">Told of jobs set aside and of a server that is away.</param>
internal sealed class QueueWorker(CaptionQueue queue, CaptionPipeline pipeline, QueueOptions options, WorkerOptions settings, Terminal terminal)
{
    private const int TriesAfterStop = 5;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<Job, byte> _inHand = new();
    private int _done, _setAside;

    /// <summary>Works until it is told to stop, or until the queue is empty if that was asked for; what is in hand then is finished first.</summary>
    /// <returns>Results stored, and jobs set aside.</returns>
    public async Task<(int Done, int SetAside)> RunAsync(CancellationToken stop)
    {
        var consumer = await queue.OpenJobsAsync(CancellationToken.None);
        using var ended = new CancellationTokenSource();
        var signs = KeepAsync(ended.Token);
        try
        {
            await foreach (var outcome in pipeline.RunAsync(TakeAsync(consumer, stop), job => job.Picture.Open(), CancellationToken.None))
            {
                await FinishAsync(outcome, stop);
                _inHand.TryRemove(outcome.Item, out _);
            }
        }
        finally
        {
            await ended.CancelAsync();
            await signs.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return (_done, _setAside);
    }

    // No more than the pipeline holds: what is in hand is in work, and the rest is left to the other workers.
    private async IAsyncEnumerable<Job> TakeAsync(INatsJSConsumer consumer, CancellationToken stop, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (!stop.IsCancellationRequested)
        {
            var room = (2 * settings.BatchSize) - _inHand.Count;
            if (room <= 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(2), cancellationToken);
                continue;
            }

            var taken = 0;
            await using var messages = consumer.FetchAsync<byte[]>(new NatsJSFetchOpts { MaxMsgs = room, Expires = s_patience }, cancellationToken: cancellationToken).GetAsyncEnumerator(cancellationToken);
            while (await TryAsync(() => messages.MoveNextAsync().AsTask(), "jobs cannot be fetched") is true)
            {
                taken++;
                var job = new Job(messages.Current, settings.Root);
                _inHand.TryAdd(job, 0);
                if (job.Deliveries <= (ulong)options.MaxDeliveries)
                {
                    yield return job;
                    continue;
                }

                await SetAsideAsync(job, $"{job.Picture.Id}: was given to a worker {job.Deliveries - 1} times and no result came; it may end the worker that reads it.", stop);
                _inHand.TryRemove(job, out _);
            }

            if (settings.UntilEmpty && taken == 0 && await TryAsync(() => queue.CountJobsAsync(cancellationToken), "jobs cannot be counted") == 0)
                yield break;
        }
    }

    private async Task FinishAsync(CaptionOutcome<Job> outcome, CancellationToken stop)
    {
        var job = outcome.Item;
        if (outcome.Error is not { } error)
        {
            if (await StoreAsync(() => queue.StoreAsync(job.Picture.Id, CaptionJson.Line(job.Picture.Id, outcome, settings.Detailed), CancellationToken.None), stop))
            {
                _done++;
                await TryAsync(() => job.Message.AckAsync().AsTask(), "a job cannot be confirmed");
            }

            return;
        }

        // A picture that cannot be decoded stays so; a file or a disk that is away may come back.
        if (MayPass(error) && job.Deliveries < (ulong)options.MaxDeliveries)
            await TryAsync(() => job.Message.NakAsync(new AckOpts { NakDelay = settings.RetryDelay }).AsTask(), "a job cannot be given back");
        else
            await SetAsideAsync(job, CaptionJson.ErrorMessage(job.Picture.Id, error), stop);
    }

    private static bool MayPass(Exception error) => error is not SightlineException || error.InnerException is IOException or UnauthorizedAccessException;

    private async Task SetAsideAsync(Job job, string reason, CancellationToken stop)
    {
        if (!await StoreAsync(() => queue.SetAsideAsync(job.Picture.Id, job.SetAsideLine(reason), CancellationToken.None), stop))
            return;
        _setAside++;
        terminal.WriteError($"sightline: set aside: {reason}");
        await TryAsync(() => job.Message.AckTerminateAsync().AsTask(), "a job cannot be confirmed");
    }

    // Until the server has it; after a request to stop, some tries more. What was not stored is not confirmed, and comes again.
    private async Task<bool> StoreAsync(Func<Task> store, CancellationToken stop)
    {
        for (var left = TriesAfterStop; left > 0; left -= stop.IsCancellationRequested ? 1 : 0)
        {
            if (await TryAsync(store, "a result cannot be stored"))
                return true;
        }

        return false;
    }

    // Signs of life for all that is in hand: a slow machine is not a dead one.
    private async Task KeepAsync(CancellationToken ended)
    {
        using var timer = new PeriodicTimer(options.AckWait / 3);
        while (await timer.WaitForNextTickAsync(ended))
        {
            foreach (var job in _inHand.Keys)
                await TryAsync(() => job.Message.AckProgressAsync(cancellationToken: ended).AsTask(), "the server cannot be told of work");
        }
    }

    private async Task<bool> TryAsync(Func<Task> action, string what) => await TryAsync(async () => { await action(); return true; }, what) is true;

    private async Task<T?> TryAsync<T>(Func<Task<T>> action, string what) where T : struct
    {
        try
        {
            return await action();
        }
        catch (Exception e) when (CaptionQueue.IsTransient(e))
        {
            terminal.WriteError($"sightline: {what} ({e.Message.TrimEnd('.')}); trying again.");
            await Task.Delay(s_patience);
            return null;
        }
    }
}
