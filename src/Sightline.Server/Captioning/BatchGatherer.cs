using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Sightline.Server.Configuration;

namespace Sightline.Server.Captioning;

/// <summary>
/// Gathers waiting pictures into batches. The picture that waits longest decides the settings; those of the same settings join it, up to the
/// batch limit. A picture that comes alone starts at once. Where several were there together the last time, their clients are likely to come
/// together again: then a free model waits for as many, a few milliseconds. A full batch never waits.
/// One reader, any number of writers. How much may wait is decided by <see cref="Admission"/>.
/// </summary>
internal sealed class BatchGatherer(IOptions<ServerOptions> options, TimeProvider time)
{
    private readonly Channel<CaptionJob> _arrivals = Channel.CreateUnbounded<CaptionJob>(new UnboundedChannelOptions { SingleReader = true });
    private readonly List<CaptionJob> _waiting = [];
    private int _taken; // pictures of the last batch
    private int _company; // pictures that were there when it was done, itself included

    public void Add(CaptionJob job) => _arrivals.Writer.TryWrite(job);

    /// <summary>The next batch; never empty.</summary>
    public async Task<IReadOnlyList<CaptionJob>> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            TakeArrivals();
            if (_waiting.Count == 0)
                await _arrivals.Reader.WaitToReadAsync(cancellationToken);
            else
                await WaitForCompanyAsync(cancellationToken);
            if (_waiting.Count > 0)
                return TakeBatch();
        }
    }

    /// <summary>To be called by the reader when the model is done with a batch and before the clients hear of it: whoever is there now may come together again.</summary>
    public void NoteModelFree()
    {
        TakeArrivals();
        _company = _taken + _waiting.Count;
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

    private bool IsCompanyLikely => _waiting.Count > 0 && _waiting.Count < Math.Min(Limit(_waiting[0].Request), _company);

    private async Task WaitForCompanyAsync(CancellationToken cancellationToken)
    {
        if (!IsCompanyLikely)
            return; // without a timer
        using var window = new CancellationTokenSource(TimeSpan.FromMilliseconds(options.Value.BatchDelayMs), time);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, window.Token);
        try
        {
            while (IsCompanyLikely)
            {
                await _arrivals.Reader.WaitToReadAsync(patience.Token);
                TakeArrivals();
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
        _taken = batch.Count;
        return batch;
    }
}
