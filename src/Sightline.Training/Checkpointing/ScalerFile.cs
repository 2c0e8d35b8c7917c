using Sightline.Checkpoints;
using Sightline.Checkpoints.Pickle;
using Sightline.Training.Optimization;

namespace Sightline.Training.Checkpointing;

/// <summary><c>scaler.pt</c>: the state of torch's <c>GradScaler</c>.</summary>
internal static class ScalerFile
{
    public const string FileName = "scaler.pt";

    public static void Save(string folder, LossScaler scaler)
    {
        var state = new PickleDictionary();
        state.Set("scale", scaler.Scale);
        state.Set("growth_factor", LossScaler.GrowthFactor);
        state.Set("backoff_factor", LossScaler.BackoffFactor);
        state.Set("growth_interval", (long)LossScaler.GrowthInterval);
        state.Set("_growth_tracker", (long)scaler.GrowthTracker);
        new TorchObjectWriter().Write(Path.Combine(folder, FileName), state);
    }

    /// <exception cref="TrainingException">The file is not a scaler's state.</exception>
    public static void Load(string folder, LossScaler scaler)
    {
        var path = Path.Combine(folder, FileName);
        using var archive = TorchArchive.Open(path, TorchGlobals.Create());
        if (archive.Root is not PickleDictionary state || !state.TryGetValue("scale", out var scale) || scale is not (double and > 0)
            || !state.TryGetValue("_growth_tracker", out var tracker) || tracker is not (long and >= 0))
            throw new TrainingException($"{path}: not a loss scaler's state ('scale' and '_growth_tracker' were expected).");
        scaler.Scale = (double)scale!;
        scaler.GrowthTracker = (int)(long)tracker!;
    }
}
