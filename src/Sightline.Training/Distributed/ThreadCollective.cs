using Sightline.Training.Kernels;

namespace Sightline.Training.Distributed;

/// <summary>Ranks that are threads of one process: for trying out what ranks do without an MPI library.</summary>
internal sealed class ThreadCollective : ICollective
{
    private readonly Group _group;

    private ThreadCollective(Group group, int rank) => (_group, Rank) = (group, rank);

    /// <summary>As many ranks; each belongs to one thread.</summary>
    public static ICollective[] Create(int worldSize)
    {
        var group = new Group(worldSize);
        return [.. Enumerable.Range(0, worldSize).Select(rank => new ThreadCollective(group, rank))];
    }

    public int Rank { get; }

    public int WorldSize => _group.Buffers.Length;

    public int LocalRank => Rank;

    public string Description => "threads of one process";

    public Task SumAsync(CollectiveBuffer buffer)
    {
        _group.Buffers[Rank] = buffer;
        Barrier();
        var (start, end) = (buffer.Count * Rank / WorldSize, buffer.Count * (Rank + 1) / WorldSize);
        BucketSum.Everywhere(_group.Buffers, start, end - start);
        Barrier();
        return Task.CompletedTask;
    }

    public void Broadcast(CollectiveBuffer buffer)
    {
        _group.Buffers[Rank] = buffer;
        Barrier();
        if (Rank > 0)
            BucketSum.Copy(_group.Buffers[0], buffer);
        Barrier();
    }

    public void Broadcast(Span<byte> data)
    {
        _group.Bytes[Rank] = data.ToArray();
        Barrier();
        _group.Bytes[0].CopyTo(data);
        Barrier();
    }

    public void AllGather(ReadOnlySpan<byte> mine, Span<byte> all)
    {
        _group.Bytes[Rank] = mine.ToArray();
        Barrier();
        for (var rank = 0; rank < WorldSize; rank++)
            _group.Bytes[rank].CopyTo(all[(rank * mine.Length)..]);
        Barrier();
    }

    public void Barrier() => _group.Meeting.SignalAndWait(_group.Ended.Token);

    /// <summary>Ends the waiting of the other threads with an <see cref="OperationCanceledException"/>.</summary>
    public void Abort(int exitCode) => _group.Ended.Cancel();

    public void Dispose()
    {
    }

    private sealed class Group(int worldSize)
    {
        public CollectiveBuffer[] Buffers { get; } = new CollectiveBuffer[worldSize];

        public byte[][] Bytes { get; } = new byte[worldSize][];

        public Barrier Meeting { get; } = new(worldSize);

        public CancellationTokenSource Ended { get; } = new();
    }
}
