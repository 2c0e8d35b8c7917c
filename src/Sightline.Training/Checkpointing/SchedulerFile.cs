using Sightline.Checkpoints;
using Sightline.Checkpoints.Pickle;
using Sightline.Training.Optimization;

namespace Sightline.Training.Checkpointing;

/// <summary><c>scheduler.pt</c>: the state of torch's <c>LambdaLR</c> over HF's two groups. The schedule follows from the arguments, so only the step is read.</summary>
internal static class SchedulerFile
{
    public const string FileName = "scheduler.pt";

    public static void Save(string folder, LearningRateSchedule schedule, long step)
    {
        var state = new PickleDictionary();
        state.Set("base_lrs", new List<object?> { schedule.BaseRate, schedule.BaseRate });
        state.Set("last_epoch", step);
        state.Set("verbose", false);
        state.Set("_step_count", step + 1);
        state.Set("_get_lr_called_within_step", false);
        state.Set("_last_lr", new List<object?> { schedule.At(step), schedule.At(step) });
        state.Set("lr_lambdas", new List<object?> { null, null });
        new TorchObjectWriter().Write(Path.Combine(folder, FileName), state);
    }

    /// <summary>The updates that the scheduler has seen.</summary>
    /// <exception cref="TrainingException">The file is not a scheduler's state.</exception>
    public static long Load(string folder)
    {
        var path = Path.Combine(folder, FileName);
        using var archive = TorchArchive.Open(path, TorchGlobals.Create());
        return archive.Root is PickleDictionary state && state.TryGetValue("last_epoch", out var step) && step is long and >= 0
            ? (long)step
            : throw new TrainingException($"{path}: not a scheduler's state ('last_epoch' was expected).");
    }
}
