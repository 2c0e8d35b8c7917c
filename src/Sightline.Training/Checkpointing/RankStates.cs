using Sightline.Training.Distributed;
using static TorchSharp.torch;

namespace Sightline.Training.Checkpointing;

/// <summary>What each rank remembers of a run beside the model, read back by as many ranks or by another number of them.</summary>
internal static class RankStates
{
    /// <summary>Reads the state of this rank.</summary>
    /// <param name="folder">The checkpoint.</param>
    /// <param name="collective">The ranks that go on.</param>
    /// <param name="step">Gets gradients that wait for the next update.</param>
    /// <param name="arguments">The settings that the run goes on with.</param>
    /// <param name="globalStep">Updates taken.</param>
    /// <returns>Null for a checkpoint of HF's Trainer.</returns>
    public static RunProgress? Load(string folder, ICollective collective, TrainingStep step, TrainingArguments arguments, int globalStep)
    {
        var saved = RandomStateFile.CountRanks(folder);
        if (saved == collective.WorldSize)
            return RandomStateFile.Load(PathOf(folder, collective.Rank, saved), step);
        // HF's files are those of one host, whose ranks have the same states as those of the others.
        if (RandomStateFile.Load(PathOf(folder, Math.Min(collective.LocalRank, saved - 1), saved), step) is null)
            return null;
        var progress = Join([.. Enumerable.Range(0, saved).Select(rank => RandomStateFile.Load(PathOf(folder, rank, saved), step)!)], isFirst: collective.Rank == 0);
        if (step.PendingBatches > 0)
            throw new TrainingException($"{folder}: {saved} ranks saved it with gradients of an update that is not finished (accumulation_leftover carry); resume with {saved} ranks.");
        random.manual_seed(arguments.Seed + globalStep); // the ranks that drew these numbers are gone
        var examples = (long)progress.NextBatch * progress.ExamplesPerBatch;
        progress.ExamplesPerBatch = arguments.PerDeviceTrainBatchSize * collective.WorldSize;
        var updates = examples / ((long)progress.ExamplesPerBatch * arguments.GradientAccumulationSteps);
        progress.NextBatch = checked((int)(updates * arguments.GradientAccumulationSteps));
        return progress;
    }

    private static string PathOf(string folder, int rank, int worldSize) => Path.Combine(folder, RandomStateFile.NameOf(rank, worldSize));

    // What ranks logged together is kept together: the mean of their losses by each, the sums by the first.
    private static RunProgress Join(IReadOnlyList<RunProgress> ranks, bool isFirst)
    {
        var joined = ranks[0];
        joined.WindowLoss = ranks.Average(rank => rank.WindowLoss);
        joined.Window = isFirst ? ranks.Aggregate(default(LossSums), (sum, rank) => sum + rank.Window) : default;
        return joined;
    }
}
