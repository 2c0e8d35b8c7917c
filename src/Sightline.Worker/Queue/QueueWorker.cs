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
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(6); // of one exchange with the server
    private static readonly AckOpts s_answered = new() { DoubleAck = true };
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

            // What has come when the server goes away in between is kept.
            var messages = new List<INatsJSMsg<byte[]>>();
            await TryAsync(
                async deadline =>
                {
                    await foreach (var message in consumer.FetchAsync<byte[]>(new NatsJSFetchOpts { MaxMsgs = room, Expires = s_patience }, cancellationToken: deadline))
                        messages.Add(message);
                },
                "jobs cannot be fetched",
                cancellationToken);
            var jobs = messages.ConvertAll(message => new Job(message, settings.Root));
            jobs.ForEach(job => _inHand.TryAdd(job, 0));
            foreach (var job in jobs)
            {
                if (job.Deliveries <= (ulong)options.MaxDeliveries)
                {
                    yield return job;
                    continue;
                }

                await SetAsideAsync(job, $"{job.Picture.Id}: was given to a worker {job.Deliveries - 1} times and no result came; it may end the worker that reads it.", stop);
                _inHand.TryRemove(job, out _);
            }

            if (settings.UntilEmpty && jobs.Count == 0 && await TryAsync(queue.CountJobsAsync, "jobs cannot be counted", cancellationToken) == 0)
                yield break;
        }
    }

    private async Task FinishAsync(CaptionOutcome<Job> outcome, CancellationToken stop)
    {
        var job = outcome.Item;
        if (outcome.Error is not { } error)
        {
            if (await StoreAsync(deadline => queue.StoreAsync(job.Picture.Id, CaptionJson.Line(job.Picture.Id, outcome, settings.Detailed), deadline), stop))
            {
                _done++;
                await ConfirmAsync(deadline => job.Message.AckAsync(s_answered, deadline));
            }

            return;
        }

        // A picture that cannot be decoded stays so; a file or a disk that is away may come back.
        if (MayPass(error) && job.Deliveries < (ulong)options.MaxDeliveries)
            await ConfirmAsync(deadline => job.Message.NakAsync(s_answered with { NakDelay = settings.RetryDelay }, deadline));
        else
            await SetAsideAsync(job, CaptionJson.ErrorMessage(job.Picture.Id, error), stop);
    }

    private static bool MayPass(Exception error) => error is not SightlineException || error.InnerException is IOException or UnauthorizedAccessException;

    private async Task SetAsideAsync(Job job, string reason, CancellationToken stop)
    {
        if (!await StoreAsync(deadline => queue.SetAsideAsync(job.Picture.Id, job.SetAsideLine(reason), deadline), stop))
            return;
        _setAside++;
        terminal.WriteError($"sightline: set aside: {reason}");
        await ConfirmAsync(deadline => job.Message.AckTerminateAsync(s_answered, deadline));
    }

    // Until the server has it; after a request to stop, some tries more. What was not stored is not confirmed, and comes again.
    private async Task<bool> StoreAsync(Func<CancellationToken, Task> store, CancellationToken stop)
    {
        for (var left = TriesAfterStop; left > 0; left -= stop.IsCancellationRequested ? 1 : 0)
        {
            if (await TryAsync(store, "a result cannot be stored", CancellationToken.None))
                return true;
        }

        return false;
    }

    // A job whose confirmation is lost comes again, and its result replaces itself.
    private Task<bool> ConfirmAsync(Func<CancellationToken, ValueTask> confirm) => TryAsync(deadline => confirm(deadline).AsTask(), "a job cannot be confirmed");

    // Signs of life for all that is in hand: a slow machine is not a dead one.
    private async Task KeepAsync(CancellationToken ended)
    {
        using var timer = new PeriodicTimer(options.AckWait / 3);
        while (await timer.WaitForNextTickAsync(ended))
        {
            foreach (var job in _inHand.Keys)
            {
                if (!await TryAsync(deadline => job.Message.AckProgressAsync(cancellationToken: deadline).AsTask(), "the server cannot be told of work", ended))
                    break;
            }
        }
    }

    private async Task<bool> TryAsync(Func<CancellationToken, Task> action, string what, CancellationToken cancellationToken = default) =>
        await TryAsync(
            async deadline =>
            {
                await action(deadline);
                return true;
            },
            what,
            cancellationToken) is true;

    // Null, and a moment's rest, where the server did not answer; it may be back for the next try.
    private async Task<T?> TryAsync<T>(Func<CancellationToken, Task<T>> action, string what, CancellationToken cancellationToken = default) where T : struct
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(s_deadline);
        try
        {
            return await action(deadline.Token);
        }
        catch (Exception e) when (CaptionQueue.IsTransient(e) || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            terminal.WriteError($"sightline: {what} ({(e is OperationCanceledException ? "no answer" : e.Message.TrimEnd('.'))}); trying again.");
            await Task.Delay(s_patience, cancellationToken);
            return null;
        }
    }
}
