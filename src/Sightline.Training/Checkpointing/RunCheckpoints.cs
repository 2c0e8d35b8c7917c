using Sightline.Training.Distributed;
using Sightline.Training.Modeling;
using Sightline.Training.Optimization;

namespace Sightline.Training.Checkpointing;

/// <summary>The checkpoints of one run: writes them, with all ranks, and reads one to go on from.</summary>
/// <param name="model">The model.</param>
/// <param name="arguments">The settings.</param>
/// <param name="collective">The ranks.</param>
/// <param name="step">Optimizer, loss scaler and gradients between two updates.</param>
/// <param name="saveModel">Writes weights and what belongs beside them into a folder; called by rank 0.</param>
internal sealed class RunCheckpoints(TrainableModel model, TrainingArguments arguments, ICollective collective, TrainingStep step, Action<string> saveModel)
{
    /// <summary>The update of the checkpoint that was written or read last; −1 where there is none.</summary>
    public int LastStep { get; private set; } = -1;

    /// <summary>Where the newest checkpoint lies, as a sentence.</summary>
    public string LastGood => CheckpointFolders.FindLast(arguments.OutputDir) is { } last ? $"The last good checkpoint is {last}." : "No checkpoint has been saved.";

    /// <summary>Refuses an output folder with checkpoints of an earlier run, unless they may be overwritten.</summary>
    /// <exception cref="ConfigurationException">It has some.</exception>
    public void CheckFolder()
    {
        if (!arguments.OverwriteOutputDir && CheckpointFolders.FindLast(arguments.OutputDir) is { } last)
            throw new ConfigurationException($"{arguments.OutputDir} holds checkpoints of an earlier run ({Path.GetFileName(last)}); resume from them, set overwrite_output_dir, or choose another output_dir.");
    }

    /// <summary>Reads a checkpoint of this trainer or of HF's into model, optimizer and loss scaler.</summary>
    /// <returns>Where the run is, and what it remembers: null for a checkpoint of HF's Trainer, which says only how many updates were taken.</returns>
    public (TrainerState State, RunProgress? Progress) Load(string folder)
    {
        if (!Directory.Exists(folder))
            throw new TrainingException($"{folder}: no such checkpoint.");
        var state = TrainerState.Load(folder);
        WeightFiles.Load(folder, model);
        OptimizerFile.Load(folder, step.Optimizer, step.Arena);
        _ = SchedulerFile.Load(folder);
        if (step.Scaler is { } scaler && File.Exists(Path.Combine(folder, ScalerFile.FileName)))
            ScalerFile.Load(folder, scaler);
        LastStep = state.GlobalStep;
        return (state, RankStates.Load(folder, collective, step, arguments, state.GlobalStep));
    }

    /// <summary>Writes a checkpoint and deletes old ones beyond the limit; every rank calls it.</summary>
    /// <exception cref="TrainingException">It cannot be written, or the ranks no longer have the same weights.</exception>
    public void Save(TrainerState state, RunProgress progress, LearningRateSchedule schedule)
    {
        CheckSameWeights(state.GlobalStep);
        progress.ExamplesPerBatch = arguments.PerDeviceTrainBatchSize * collective.WorldSize;
        var problem = RankCheckpoint.Write(collective, arguments.OutputDir, state.GlobalStep, folder =>
        {
            RandomStateFile.Save(Path.Combine(folder, RandomStateFile.NameOf(collective.Rank, collective.WorldSize)), (uint)arguments.Seed, progress, step);
            if (collective.Rank > 0)
                return;
            saveModel(folder);
            OptimizerFile.Save(folder, step.Optimizer, step.Arena, arguments, schedule.At(step.Optimizer.StepCount));
            SchedulerFile.Save(folder, schedule, step.Optimizer.StepCount);
            if (step.Scaler is { } scaler)
                ScalerFile.Save(folder, scaler);
            state.Save(folder);
        });
        if (problem is not null)
            throw new TrainingException($"step {state.GlobalStep}: the checkpoint cannot be written: {OneLine(problem)} {LastGood}");

        LastStep = state.GlobalStep;
        if (collective.Rank == 0)
            CheckpointFolders.Rotate(arguments.OutputDir, arguments.SaveTotalLimit, state.BestModelCheckpoint);
    }

    // Ranks add up the same sums in the same order and so keep the same bits; one whose memory or library is faulty does not.
    private void CheckSameWeights(int globalStep)
    {
        if (collective.WorldSize == 1)
            return;
        var hashes = collective.Gather(WeightHash.Of(step.Arena.Values));
        var other = Array.FindIndex(hashes, hash => hash != hashes[0]);
        if (other > 0)
            throw new TrainingException($"step {globalStep}: the weights of rank {other} are not those of rank 0; the ranks no longer train one model. {LastGood}");
    }

    private static string OneLine(string message)
    {
        var line = message.ReplaceLineEndings(" ").Trim();
        return line.EndsWith('.') ? line : line + ".";
    }
}
