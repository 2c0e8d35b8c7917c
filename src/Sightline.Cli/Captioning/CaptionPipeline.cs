using System.Diagnostics;
using System.Runtime.CompilerServices;
using Sightline.Generation;

namespace Sightline.Cli.Captioning;

/// <summary>
/// Captions many pictures: they are read ahead on several threads while the model works on the batch before, and come out in their order. At most two
/// batches of prepared pictures are held, whatever their number. A picture that fails does not stop the others.
/// </summary>
internal sealed class CaptionPipeline(Captioner captioner, GenerationOptions options, CaptionerOptions captionerOptions)
{
    private const int MostReaders = 4; // each holds a decoded photo, up to MaxPixels large

    /// <summary>The captions, in the order of the pictures; each is given as soon as its batch is done.</summary>
    /// <exception cref="ConfigurationException">The options cannot be used with this model.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; checked between tokens.</exception>
    public async IAsyncEnumerable<CaptionResult> RunAsync(IEnumerable<ImageArgument> images, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var next = images.GetEnumerator();
        using var slots = new SemaphoreSlim(Math.Min(captionerOptions.Threads is > 0 and var threads ? threads : Environment.ProcessorCount, MostReaders));
        var ahead = new Queue<Task<Prepared>>();
        var batch = new List<Prepared>();
        try
        {
            ReadAhead();
            while (ahead.TryDequeue(out var reading))
            {
                batch.Add(await reading);
                ReadAhead();
                var isLeadingError = batch.Count == 1 && batch[0].Image is null;
                if (!isLeadingError && ahead.Count > 0 && batch.Count(item => item.Image is not null) < captionerOptions.BatchSize)
                    continue;
                foreach (var result in Describe(batch, cancellationToken))
                    yield return result;
                batch.Clear();
            }
        }
        finally
        {
            await ((Task)Task.WhenAll(ahead)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // nothing reads on after an error
        }

        void ReadAhead()
        {
            while (ahead.Count < 2 * captionerOptions.BatchSize && next.MoveNext())
            {
                var image = next.Current;
                ahead.Enqueue(PrepareAsync(image, slots, cancellationToken));
            }
        }
    }

    private async Task<Prepared> PrepareAsync(ImageArgument image, SemaphoreSlim slots, CancellationToken cancellationToken)
    {
        if (image.Problem is { } problem)
            return new Prepared(image.Name, null, new ImageDecodeException($"{image.Name}: {problem}."), 0);
        await slots.WaitAsync(cancellationToken);
        var start = Stopwatch.GetTimestamp();
        try
        {
            // A read that never ends (a pipe, a dead network folder) must not hold up a cancellation: it is left behind.
            var prepared = await Task.Run(() => captioner.Prepare(image.Open()), CancellationToken.None).WaitAsync(cancellationToken);
            return new Prepared(image.Name, prepared, null, Since(start));
        }
        catch (Exception e) when (e is not OperationCanceledException) // whatever one picture does, the others are captioned
        {
            return new Prepared(image.Name, null, e, Since(start));
        }
        finally
        {
            slots.Release();
        }
    }

    private IEnumerable<CaptionResult> Describe(List<Prepared> batch, CancellationToken cancellationToken)
    {
        var captions = new Queue<CaptionResult>(DescribePrepared([.. batch.Where(item => item.Image is not null)], cancellationToken));
        return batch.Select(item => item.Image is null ? new CaptionResult(item.Name, null, item.Error, item.Milliseconds) : captions.Dequeue());
    }

    private IReadOnlyList<CaptionResult> DescribePrepared(IReadOnlyList<Prepared> items, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            var captions = captioner.Describe([.. items.Select(item => item.Image!)], options, cancellationToken);
            var share = Since(start) / items.Count;
            return [.. items.Zip(captions, (item, caption) => new CaptionResult(item.Name, caption, null, item.Milliseconds + share))];
        }
        catch (SightlineException e) when (e is not ConfigurationException)
        {
            // The model gave scores that are no numbers: find out for which picture.
            return items.Count == 1
                ? [new CaptionResult(items[0].Name, null, e, items[0].Milliseconds + Since(start))]
                : [.. items.SelectMany(item => DescribePrepared([item], cancellationToken))];
        }
    }

    private static double Since(long start) => Stopwatch.GetElapsedTime(start).TotalMilliseconds;

    private sealed record Prepared(string Name, PreparedImage? Image, Exception? Error, double Milliseconds);
}
