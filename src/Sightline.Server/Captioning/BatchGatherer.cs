using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Sightline.Server.Configuration;

namespace Sightline.Server.Captioning;

/// <summary>
/// Gathers waiting pictures into batches. The picture that waits longest decides the settings; those of the same settings join it, up to the
/// batch limit. Only an idle model waits for company, a few milliseconds; under load a batch is full of those who came while it was busy.
/// One reader, any number of writers. How much may wait is decided by <see cref="Admission"/>.
/// </summary>
internal sealed class BatchGatherer(IOptions<ServerOptions> options)
{
    private readonly Channel<CaptionJob> _arrivals = Channel.CreateUnbounded<CaptionJob>(new UnboundedChannelOptions { SingleReader = true });
    private readonly List<CaptionJob> _waiting = [];

    public void Add(CaptionJob job) => _arrivals.Writer.TryWrite(job);

    /// <summary>The next batch; never empty.</summary>
    public async Task<IReadOnlyList<CaptionJob>> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            TakeArrivals();
            if (_waiting.Count == 0)
            {
                await _arrivals.Reader.WaitToReadAsync(cancellationToken);
                TakeArrivals();
                if (_waiting.Count > 0)
                    await WaitForCompanyAsync(cancellationToken);
            }

            if (_waiting.Count > 0)
                return TakeBatch();
        }
    }

    /// <summary>Everything that waits, for when the server stops.</summary>
    public IReadOnlyList<CaptionJob> Drain()
    {
        TakeArrivals();
        return [.. _waiting];
    }

    /// <summary>How many pictures of these settings go through the model together: rows are what costs memory.</summary>
    public int Limit(CaptionRequest request) =>
        Math.Max(1, Math.Min(options.Value.MaxBatch, Math.Max(options.Value.MaxBatch, options.Value.MaxSequences) / request.Options.SequencesPerImage()));

    private async Task WaitForCompanyAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(TimeSpan.FromMilliseconds(options.Value.BatchDelayMs));
        try
        {
            while (_waiting.Count < Limit(_waiting[0].Request))
            {
                await _arrivals.Reader.WaitToReadAsync(patience.Token);
                TakeArrivals();
                if (_waiting.Count == 0)
                    return; // all have left
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
        }
    }

    private void TakeArrivals()
    {
        while (_arrivals.Reader.TryRead(out var job))
            _waiting.Add(job);
        foreach (var job in _waiting.Where(job => job.Cancellation.IsCancellationRequested))
            job.Cancel();
        _waiting.RemoveAll(job => job.Result.IsCompleted);
    }

    private List<CaptionJob> TakeBatch()
    {
        var first = _waiting[0];
        var batch = _waiting.Where(job => job.BatchKey == first.BatchKey).Take(Limit(first.Request)).ToList();
        _waiting.RemoveAll(batch.Contains);
        return batch;
    }
}
