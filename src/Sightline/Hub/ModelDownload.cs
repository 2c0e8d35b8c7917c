namespace Sightline.Hub;

/// <summary>
/// Fetches a revision of a model into the cache. A snapshot gets its files when all of them are complete, the weights last, so that one that has
/// weights has everything.
/// </summary>
/// <param name="client">The hub.</param>
/// <param name="cache">The cache.</param>
/// <param name="options">How many files at a time.</param>
/// <param name="progress">Gets the news; null: nobody does.</param>
internal sealed class ModelDownload(HubClient client, HubCache cache, HubOptions options, IProgress<HubProgress>? progress)
{
    /// <summary>Fetches what is missing.</summary>
    /// <param name="name">The model and revision.</param>
    /// <param name="parts">What is needed of it.</param>
    /// <param name="cancellationToken">Stops; what has arrived stays for the next try.</param>
    /// <returns>The snapshot's folder.</returns>
    /// <exception cref="HubException">It cannot be fetched, or is no model.</exception>
    public async Task<string> RunAsync(HubModelName name, ModelParts parts, CancellationToken cancellationToken)
    {
        var (commit, listed) = await client.ListAsync(name, cancellationToken).ConfigureAwait(false);
        if (ModelFiles.Missing(parts, listed.Contains) is { } missing)
            throw new HubException($"{name}: the repository has no {missing}; it is not a model that Sightline can use.");
        var snapshot = cache.Snapshot(name, commit);
        try
        {
            var small = ModelFiles.Small(parts, listed.Contains);
            var weights = ModelFiles.Weights(parts, listed.Contains);
            if (weights is not null && ModelFiles.IsIndex(weights))
            {
                // Which shards there are stands in the index. It is put into place after them.
                var index = await FetchAsync(name, commit, [weights], cancellationToken).ConfigureAwait(false);
                var shards = ShardsOf(name, weights, index.Single().Path, listed);
                var files = await FetchAsync(name, commit, [.. small, .. shards], cancellationToken).ConfigureAwait(false);
                Place([.. files, .. index], snapshot);
            }
            else
            {
                Place(await FetchAsync(name, commit, weights is null ? small : [.. small, weights], cancellationToken).ConfigureAwait(false), snapshot);
            }

            cache.WriteAbsent(name, commit, ModelFiles.Absent(parts, listed.Contains));
            cache.WriteReference(name, commit);
            return snapshot;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HubException($"{name}: cannot be written into the cache {cache.Folder} ({Checkpoints.MessageText.Clean(e.Message, 300).TrimEnd('.')}).", e);
        }
    }

    private static IReadOnlyList<string> ShardsOf(HubModelName name, string index, string path, IReadOnlySet<string> listed)
    {
        IReadOnlyList<string> shards;
        try
        {
            shards = ModelFiles.Shards(path);
        }
        catch (CheckpointException e)
        {
            throw new HubException($"{name}: {e.Message}", e);
        }

        return shards.FirstOrDefault(shard => !listed.Contains(shard)) is { } missing
            ? throw new HubException($"{name}: {index} names {Checkpoints.MessageText.Quote(missing)}, which the repository does not have.")
            : shards;
    }

    // In the order of the names. Every file is complete when this returns; those of earlier snapshots are in place already.
    private async Task<List<Fetched>> FetchAsync(HubModelName name, string commit, IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        var snapshot = cache.Snapshot(name, commit);
        var result = names.Select(file => new Fetched(Path.Combine(snapshot, file), Path.Combine(snapshot, file), false)).ToArray();
        var open = Enumerable.Range(0, names.Count).Where(i => !HubCache.IsFile(result[i].Pointer)).ToArray();
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Parallelism, CancellationToken = cancellationToken };
        var files = new HubFile[names.Count];
        await RunAllAsync(open, parallel, async (i, stop) => files[i] = await client.DescribeAsync(name, commit, names[i], stop).ConfigureAwait(false)).ConfigureAwait(false);
        var tally = new Tally(name, open.Sum(i => files[i].Size), progress);
        await RunAllAsync(open, parallel, async (i, stop) =>
        {
            var (file, part) = (files[i], tally.Part(files[i]));
            var isNew = await new FileDownload(client, cache, name, commit, file, part.Report).RunAsync(stop).ConfigureAwait(false);
            part.Done();
            result[i] = new Fetched(cache.Blob(name, file.ETag), result[i].Pointer, isNew);
        }).ConfigureAwait(false);
        return [.. result];
    }

    // The first failure stops the others; it alone is told of.
    private static async Task RunAllAsync(int[] items, ParallelOptions parallel, Func<int, CancellationToken, Task> run)
    {
        Exception? first = null;
        try
        {
            await Parallel.ForEachAsync(items, parallel, async (i, stop) =>
            {
                try
                {
                    await run(i, stop).ConfigureAwait(false);
                }
                catch (Exception e) when (!stop.IsCancellationRequested)
                {
                    Interlocked.CompareExchange(ref first, e, null);
                    throw;
                }
            }).ConfigureAwait(false);
        }
        catch (Exception) when (first is not null && !parallel.CancellationToken.IsCancellationRequested)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
        }
    }

    private void Place(IEnumerable<Fetched> files, string snapshot)
    {
        Directory.CreateDirectory(snapshot);
        foreach (var file in files)
            cache.Link(file.Path, file.Pointer, file.IsNew);
    }

    /// <summary>A file that is complete.</summary>
    /// <param name="Path">Where it lies.</param>
    /// <param name="Pointer">Where the snapshot has it.</param>
    /// <param name="IsNew">Whether nothing else can use the blob yet.</param>
    private readonly record struct Fetched(string Path, string Pointer, bool IsNew);

    /// <summary>Adds up what the files have.</summary>
    private sealed class Tally(HubModelName name, long total, IProgress<HubProgress>? progress)
    {
        private long _bytes;

        public FilePart Part(HubFile file) => new(this, file);

        public sealed class FilePart(Tally tally, HubFile file)
        {
            private long _bytes;

            public void Report(long bytes) => Tell(bytes, isDone: false);

            public void Done() => Tell(file.Size, isDone: true);

            private void Tell(long bytes, bool isDone)
            {
                var all = Interlocked.Add(ref tally._bytes, bytes - _bytes);
                _bytes = bytes;
                tally.Progress?.Report(new HubProgress(tally.Name, file.Name, bytes, file.Size, all, tally.Total, isDone));
            }
        }

        private HubModelName Name => name;

        private long Total => total;

        private IProgress<HubProgress>? Progress => progress;
    }
}
