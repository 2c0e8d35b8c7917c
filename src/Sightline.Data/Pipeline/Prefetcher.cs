using System.Threading.Channels;

namespace Sightline.Data.Pipeline;

/// <summary>
/// Does work on several threads ahead of its reader, in bounded memory. The results come in the order of the items, whatever order the work ends in.
/// </summary>
public static class Prefetcher
{
    /// <summary>Starts when the result is first enumerated; each enumeration does the work anew.</summary>
    /// <param name="items">What to work on; enumerated on another thread, no further ahead than the options allow.</param>
    /// <param name="work">The work on one item; called from many threads.</param>
    /// <param name="options">How much at once, and how far ahead.</param>
    /// <param name="cancellation">Stops the work; the reader gets an <see cref="OperationCanceledException"/>.</param>
    /// <returns>
    /// The results in order. An exception of the work is thrown when its item's turn comes. When the enumeration ends, for whatever reason, no work runs on.
    /// </returns>
    /// <exception cref="ConfigurationException">An option is out of range.</exception>
    public static IEnumerable<TResult> Run<TItem, TResult>(
        IEnumerable<TItem> items, Func<TItem, TResult> work, PrefetchOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(work);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return Iterate(items, work, options, cancellation);
    }

    private static IEnumerable<TResult> Iterate<TItem, TResult>(
        IEnumerable<TItem> items, Func<TItem, TResult> work, PrefetchOptions options, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var slots = new SemaphoreSlim(options.Workers);
        var started = Channel.CreateBounded<Task<TResult>>(new BoundedChannelOptions(options.Ahead) { SingleReader = true, SingleWriter = true });
        var producer = Task.Run(() => ProduceAsync(items, work, started.Writer, slots, stop.Token), CancellationToken.None);
        try
        {
            while (started.Reader.WaitToReadAsync(cancellation).AsTask().GetAwaiter().GetResult())
            {
                while (started.Reader.TryRead(out var task))
                {
                    WaitForEnd(task, cancellation);
                    yield return task.GetAwaiter().GetResult();
                }
            }
        }
        finally
        {
            stop.Cancel();
            WaitForEnd(producer, CancellationToken.None);
            while (started.Reader.TryRead(out var task))
                WaitForEnd(task, CancellationToken.None);
        }
    }

    private static async Task ProduceAsync<TItem, TResult>(
        IEnumerable<TItem> items, Func<TItem, TResult> work, ChannelWriter<Task<TResult>> started, SemaphoreSlim slots, CancellationToken stop)
    {
        try
        {
            foreach (var item in items)
            {
                // There is one writer, so the room found here is still there when the task is written.
                await started.WaitToWriteAsync(stop).ConfigureAwait(false);
                await slots.WaitAsync(stop).ConfigureAwait(false);
                started.TryWrite(Task.Run(
                    () =>
                    {
                        try
                        {
                            return work(item);
                        }
                        finally
                        {
                            slots.Release();
                        }
                    },
                    CancellationToken.None));
            }

            started.Complete();
        }
        catch (Exception e)
        {
            started.Complete(e);
        }
    }

    // Waits for the end of a task; its exception stays with it.
    private static void WaitForEnd(Task task, CancellationToken cancellation)
    {
        try
        {
            task.Wait(cancellation);
        }
        catch (AggregateException)
        {
        }
    }
}
