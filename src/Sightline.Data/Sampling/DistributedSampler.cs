namespace Sightline.Data.Sampling;

/// <summary>How several processes share the examples.</summary>
public static class DistributedSampler
{
    /// <summary>
    /// The examples of one process in one epoch as PyTorch's <c>DistributedSampler</c> deals them: a permutation from <c>seed + epoch</c>, lengthened from its
    /// own start to a multiple of <paramref name="worldSize"/>, every <paramref name="worldSize"/>-th element.
    /// </summary>
    /// <param name="count">How many examples there are, at least 1.</param>
    /// <param name="worldSize">How many processes there are.</param>
    /// <param name="rank">This process, from 0.</param>
    /// <param name="seed">The training argument <c>seed</c>.</param>
    /// <param name="epoch">From 0.</param>
    public static int[] Epoch(int count, int worldSize, int rank, ulong seed, int epoch)
    {
        Check(count, worldSize, rank);
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        var order = new TorchGenerator(unchecked(seed + (ulong)epoch)).RandomPermutation(count);
        var share = new int[(count + worldSize - 1) / worldSize];
        for (var i = 0; i < share.Length; i++)
            share[i] = order[(int)(((long)i * worldSize + rank) % count)];
        return share;
    }

    /// <summary>
    /// The examples of one process as the Trainer's <c>ShardSampler</c> deals them for evaluation: in order, whole batches in turn; the list is lengthened
    /// from its start so that every process has the same number of full batches.
    /// </summary>
    /// <param name="count">How many examples there are, at least 1.</param>
    /// <param name="worldSize">How many processes there are.</param>
    /// <param name="rank">This process, from 0.</param>
    /// <param name="batchSize">Examples a batch of one process.</param>
    public static int[] Shard(int count, int worldSize, int rank, int batchSize)
    {
        Check(count, worldSize, rank);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        var step = (long)worldSize * batchSize;
        var batches = (count + step - 1) / step;
        var share = new int[checked((int)(batches * batchSize))];
        for (var i = 0; i < share.Length; i++)
            share[i] = (int)((i / batchSize * step + (long)rank * batchSize + i % batchSize) % count);
        return share;
    }

    private static void Check(int count, int worldSize, int rank)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(worldSize, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(rank);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(rank, worldSize);
    }
}
