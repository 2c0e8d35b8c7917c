namespace Sightline.Training.Distributed;

/// <summary>One process alone.</summary>
/// <param name="environment">What launched it; null where nothing did.</param>
public sealed class LocalCollective(RankEnvironment? environment = null) : ICollective
{
    /// <inheritdoc/>
    public int Rank => 0;

    /// <inheritdoc/>
    public int WorldSize => 1;

    /// <inheritdoc/>
    public int LocalRank => environment?.LocalRank ?? 0;

    /// <summary>Whether a launcher started this process.</summary>
    internal bool IsLaunched => environment is not null;

    /// <inheritdoc/>
    public string Description => "one process";

    /// <inheritdoc/>
    public Task SumAsync(CollectiveBuffer buffer) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Broadcast(CollectiveBuffer buffer)
    {
    }

    /// <inheritdoc/>
    public void Broadcast(Span<byte> data)
    {
    }

    /// <inheritdoc/>
    public void AllGather(ReadOnlySpan<byte> mine, Span<byte> all) => mine.CopyTo(all);

    /// <inheritdoc/>
    public void Barrier()
    {
    }

    /// <inheritdoc/>
    public void Abort(int exitCode) => ProcessEnd.Now(exitCode);

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
