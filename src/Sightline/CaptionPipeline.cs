using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Sightline.Generation;

namespace Sightline;

/// <summary>
/// Captions many pictures: they are read, decoded and resized ahead on several threads while the model works on the batch before, and come out in their
/// order. Memory is bounded, whatever their number: two batches of prepared pictures, and one decoded picture for each reader. A picture that fails does
/// not stop the others.
/// </summary>
/// <param name="captioner">The model.</param>
/// <param name="options">What differs from the checkpoint's own generation settings; null: nothing.</param>
/// <param name="pipelineOptions">Batch size, readers, waiting; null: the defaults.</param>
/// <exception cref="ConfigurationException">A pipeline option is out of range.</exception>
public sealed class CaptionPipeline(Captioner captioner, GenerationOptions? options = null, CaptionPipelineOptions? pipelineOptions = null)
{
    private readonly CaptionPipelineOptions _options = Validated(pipelineOptions ?? new CaptionPipelineOptions());

    /// <summary>The captions, in the order of the pictures; each is given as soon as its batch is done.</summary>
    /// <param name="items">The pictures as the caller knows them; enumerated on a thread of their own, no further ahead than the batches allow.</param>
    /// <param name="open">Gives the picture of an item; called from many threads. What it throws becomes the item's error.</param>
    /// <param name="cancellationToken">Checked between tokens.</param>
    /// <exception cref="ConfigurationException">The options cannot be used with this model.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public IAsyncEnumerable<CaptionOutcome<T>> RunAsync<T>(IEnumerable<T> items, Func<T, ImageInput> open, CancellationToken cancellationToken = default) =>
        RunAsync(items.ToAsyncEnumerable(), open, cancellationToken);

    /// <inheritdoc cref="RunAsync{T}(IEnumerable{T}, Func{T, ImageInput}, CancellationToken)"/>
    public async IAsyncEnumerable<CaptionOutcome<T>> RunAsync<T>(
        IAsyncEnumerable<T> items, Func<T, ImageInput> open, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(open);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var slots = new SemaphoreSlim(_options.Readers > 0 ? _options.Readers : Math.Min(Environment.ProcessorCount, CaptionPipelineOptions.MostDefaultReaders));
        var ahead = Channel.CreateBounded<Task<Prepared<T>>>(2 * _options.BatchSize);
        var reading = Task.Run(() => ReadAsync(items, open, ahead.Writer, slots, stop.Token), CancellationToken.None);
        try
        {
            while (await NextAsync(ahead.Reader, stop.Token).ConfigureAwait(false) is { } first)
            {
                List<Prepared<T>> batch = [first];
                var pictures = first.Image is null ? 0 : 1;
                var start = Stopwatch.GetTimestamp();
                while (pictures > 0 && pictures < _options.BatchSize && await IsNextSoonAsync(ahead.Reader, start, stop.Token).ConfigureAwait(false))
                {
                    if (await NextAsync(ahead.Reader, stop.Token).ConfigureAwait(false) is not { } next)
                        break;
                    batch.Add(next);
                    pictures += next.Image is null ? 0 : 1;
                }

                foreach (var outcome in Describe(batch, cancellationToken))
                    yield return outcome;
            }

            await reading.ConfigureAwait(false); // throws what the items threw
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false); // nothing reads on after an error
            await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (ahead.Reader.TryRead(out var left))
                await ((Task)left).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static CaptionPipelineOptions Validated(CaptionPipelineOptions options)
    {
        options.Validate();
        return options;
    }

    private static double Since(long start) => Stopwatch.GetElapsedTime(start).TotalMilliseconds;

    private static async Task<Prepared<T>?> NextAsync<T>(ChannelReader<Task<Prepared<T>>> ahead, CancellationToken cancellationToken)
    {
        while (await ahead.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (ahead.TryRead(out var next))
                return await next.ConfigureAwait(false);
        }

        return null;
    }

    // A picture that is being read is worth waiting for; one that nobody gave yet only for a while.
    private async ValueTask<bool> IsNextSoonAsync<T>(ChannelReader<Task<Prepared<T>>> ahead, long start, CancellationToken cancellationToken)
    {
        if (_options.Linger == Timeout.InfiniteTimeSpan || ahead.TryPeek(out _))
            return true;
        var left = _options.Linger - Stopwatch.GetElapsedTime(start);
        var waiting = ahead.WaitToReadAsync(cancellationToken).AsTask();
        if (left > TimeSpan.Zero)
            await Task.WhenAny(waiting, Task.Delay(left, cancellationToken)).ConfigureAwait(false);
        return waiting.IsCompleted && await waiting.ConfigureAwait(false);
    }

    private async Task ReadAsync<T>(
        IAsyncEnumerable<T> items, Func<T, ImageInput> open, ChannelWriter<Task<Prepared<T>>> ahead, SemaphoreSlim slots, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var item in items.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                await slots.WaitAsync(cancellationToken).ConfigureAwait(false);
                await ahead.WriteAsync(PrepareAsync(item, open, slots, cancellationToken), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            ahead.Complete();
        }
    }

    private async Task<Prepared<T>> PrepareAsync<T>(T item, Func<T, ImageInput> open, SemaphoreSlim slots, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            // A read that never ends (a pipe, a dead network folder) must not hold up a cancellation: it is left behind.
            var prepared = await Task.Run(() => captioner.Prepare(open(item)), CancellationToken.None).WaitAsync(cancellationToken).ConfigureAwait(false);
            return new Prepared<T>(item, prepared, null, Since(start));
        }
        catch (Exception e) when (e is not OperationCanceledException) // whatever one picture does, the others are captioned
        {
            return new Prepared<T>(item, null, e, Since(start));
        }
        finally
        {
            slots.Release();
        }
    }

    private IEnumerable<CaptionOutcome<T>> Describe<T>(List<Prepared<T>> batch, CancellationToken cancellationToken)
    {
        var captions = new Queue<CaptionOutcome<T>>(DescribePrepared([.. batch.Where(item => item.Image is not null)], cancellationToken));
        return batch.Select(item => item.Image is null ? new CaptionOutcome<T>(item.Item, null, item.Error, item.Milliseconds) : captions.Dequeue());
    }

    private IReadOnlyList<CaptionOutcome<T>> DescribePrepared<T>(IReadOnlyList<Prepared<T>> items, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            var captions = captioner.Describe([.. items.Select(item => item.Image!)], options, cancellationToken);
            var share = Since(start) / items.Count;
            return [.. items.Zip(captions, (item, caption) => new CaptionOutcome<T>(item.Item, caption, null, item.Milliseconds + share))];
        }
        catch (SightlineException e) when (e is not ConfigurationException)
        {
            // The model gave scores that are no numbers: find out for which picture.
            return items.Count == 1
                ? [new CaptionOutcome<T>(items[0].Item, null, e, items[0].Milliseconds + Since(start))]
                : [.. items.SelectMany(item => DescribePrepared([item], cancellationToken))];
        }
    }

    private sealed record Prepared<T>(T Item, PreparedImage? Image, Exception? Error, double Milliseconds);
}
