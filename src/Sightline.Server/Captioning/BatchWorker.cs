using System.Diagnostics;
using Sightline.Server.Observability;

namespace Sightline.Server.Captioning;

/// <summary>Loads the model, then takes batches through it one after the other until the server stops.</summary>
internal sealed partial class BatchWorker(
    ServedModel model, BatchGatherer gatherer, Admission admission, ServerMetrics metrics, IHostApplicationLifetime lifetime, ILogger<BatchWorker> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.Yield(); // the rest of the server starts meanwhile
            var took = await Task.Run(() => model.Load(stoppingToken), stoppingToken);
            LogReady(model.Name, took.TotalSeconds);
            while (true)
            {
                var batch = await gatherer.NextAsync(stoppingToken);
                await Task.Run(() => Run(batch), CancellationToken.None);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
        catch (SightlineException e)
        {
            LogCannotLoad(e.Message);
            Environment.ExitCode = 1;
            await WaitUntilStartedAsync(stoppingToken);
            lifetime.StopApplication();
        }
        finally
        {
            foreach (var job in gatherer.Drain())
                job.Fail(new SightlineException("The server is stopping."));
        }
    }

    // A host that is stopped while it starts throws.
    private async Task WaitUntilStartedAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);
    }

    private void Run(IReadOnlyList<CaptionJob> batch)
    {
        try
        {
            Describe(batch);
        }
        catch (OperationCanceledException)
        {
            foreach (var job in batch)
                job.Cancel();
        }
        catch (SightlineException) when (batch.Count > 1) // one picture's trouble is not the others'
        {
            foreach (var job in batch)
                Run([job]);
        }
        catch (Exception e)
        {
            foreach (var job in batch)
                job.Fail(e);
        }
    }

    private void Describe(IReadOnlyList<CaptionJob> batch)
    {
        var waited = batch.Select(job => job.WaitedMs).ToArray();
        var options = batch[0].Request.Options;
        var watcher = new BatchWatcher(batch, options.SequencesPerImage());
        using var nobodyLeft = new CancellationTokenSource();
        using var leaving = new Leaving(batch, nobodyLeft);
        var start = Stopwatch.GetTimestamp();
        var captions = model.Ready.Describe(
            batch.Select(job => job.Image).ToList(),
            options with { StoppingCriteria = [watcher], ScoresObserver = watcher.Observer },
            nobodyLeft.Token);
        var elapsed = Stopwatch.GetElapsedTime(start);
        gatherer.NoteModelFree();
        admission.Note(elapsed.TotalSeconds / batch.Count);
        metrics.Batch(batch.Count, elapsed);
        for (var i = 0; i < batch.Count; i++)
        {
            metrics.Stage("queue", TimeSpan.FromMilliseconds(waited[i]));
            var timing = new CaptionTiming(batch[i].DecodeMs, waited[i], elapsed.TotalMilliseconds, batch.Count);
            batch[i].Complete(new CaptionResult(captions[i], batch[i].Image.Width, batch[i].Image.Height, timing, CaptionWarnings.For(batch[i].Image, captions[i]), watcher.TopTokens(i, captions[i])));
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Model {Model} is ready after {Seconds:0.00} s.")]
    private partial void LogReady(string model, double seconds);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The model cannot be loaded: {Reason}")]
    private partial void LogCannotLoad(string reason);

    // Cancels the whole batch when the last of its clients has left.
    private sealed class Leaving : IDisposable
    {
        private readonly List<CancellationTokenRegistration> _registrations;
        private int _present;

        public Leaving(IReadOnlyList<CaptionJob> batch, CancellationTokenSource nobodyLeft)
        {
            _present = batch.Count;
            _registrations = [.. batch.Select(job => job.Cancellation.Register(() =>
            {
                if (Interlocked.Decrement(ref _present) == 0)
                    nobodyLeft.Cancel();
            }))];
        }

        public void Dispose() => _registrations.ForEach(registration => registration.Dispose());
    }
}
