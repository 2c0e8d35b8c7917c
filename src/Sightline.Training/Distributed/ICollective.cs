namespace Sightline.Training.Distributed;

/// <summary>
/// What processes that train one model together tell each other. Every rank makes the same calls in the same order; a rank that does not keeps the others
/// waiting until the watchdog ends them.
/// </summary>
public interface ICollective : IDisposable
{
    /// <summary>This process, 0 to <see cref="WorldSize"/> - 1. Rank 0 logs and saves.</summary>
    int Rank { get; }

    /// <summary>Number of processes.</summary>
    int WorldSize { get; }

    /// <summary>This process among those of its host, from 0: the GPU that it takes.</summary>
    int LocalRank { get; }

    /// <summary>What carries the data, e.g. <c>Open MPI v4.1.4</c>.</summary>
    string Description { get; }

    /// <summary>Adds a buffer up over all ranks, in place; afterwards every rank has the same bits. Buffers are worked on in the order of the calls.</summary>
    /// <param name="buffer">On the device that the collective serves; left alone until the task has ended.</param>
    Task SumAsync(CollectiveBuffer buffer);

    /// <summary>Overwrites a buffer with that of rank 0.</summary>
    void Broadcast(CollectiveBuffer buffer);

    /// <summary>Overwrites bytes in ordinary memory with those of rank 0.</summary>
    void Broadcast(Span<byte> data);

    /// <summary>Gives every rank the bytes of all, in the order of the ranks.</summary>
    /// <param name="mine">As many on every rank.</param>
    /// <param name="all"><see cref="WorldSize"/> times as many.</param>
    void AllGather(ReadOnlySpan<byte> mine, Span<byte> all);

    /// <summary>Returns when every rank has called it.</summary>
    void Barrier();

    /// <summary>Ends this process at once, and with it the job: the others could only wait.</summary>
    /// <param name="exitCode">The exit code, not 0.</param>
    void Abort(int exitCode);
}
