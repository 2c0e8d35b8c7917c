using Sightline.IO;
using Sightline.Training.Distributed;
using Sightline.Training.Optimization;

namespace Sightline.Training.Results;

/// <summary>The settings as 4.17's model card lists them (<c>extract_hyperparameters_from_trainer</c>).</summary>
public static class Hyperparameters
{
    /// <summary>Names and values in the card's order.</summary>
    /// <param name="arguments">The settings.</param>
    /// <param name="ranks">The processes that trained together; null: one, started by itself.</param>
    public static IReadOnlyList<(string Name, string Value)> List(TrainingArguments arguments, ICollective? ranks = null)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        var devices = ranks?.WorldSize ?? 1;
        var list = new List<(string, string)>
        {
            ("learning_rate", Text(arguments.LearningRate)),
            ("train_batch_size", $"{arguments.PerDeviceTrainBatchSize}"),
            ("eval_batch_size", $"{arguments.PerDeviceEvalBatchSize}"),
            ("seed", $"{arguments.Seed}"),
        };
        if (IsLaunched(ranks))
            list.Add(("distributed_type", "multi-GPU")); // 4.17 says so of processes on CPUs too, and of a launcher's single process
        if (devices > 1)
            list.Add(("num_devices", $"{devices}"));
        if (arguments.GradientAccumulationSteps > 1)
            list.Add(("gradient_accumulation_steps", $"{arguments.GradientAccumulationSteps}"));
        if (devices * arguments.GradientAccumulationSteps > 1)
            list.Add(("total_train_batch_size", $"{arguments.PerDeviceTrainBatchSize * devices * arguments.GradientAccumulationSteps}"));
        if (devices > 1)
            list.Add(("total_eval_batch_size", $"{arguments.PerDeviceEvalBatchSize * devices}"));

        var name = arguments.Optim == OptimizerKind.AdamWTorch ? "AdamW" : "Adam"; // 4.17 calls its own AdamW "Adam"
        list.Add(("optimizer", $"{name} with betas=({Text(arguments.AdamBeta1)},{Text(arguments.AdamBeta2)}) and epsilon={Text(arguments.AdamEpsilon)}"));
        list.Add(("lr_scheduler_type", ArgumentTable.NameOf(arguments.LrSchedulerType)));
        if (arguments.WarmupRatio != 0)
            list.Add(("lr_scheduler_warmup_ratio", Text(arguments.WarmupRatio)));
        if (arguments.WarmupSteps != 0)
            list.Add(("lr_scheduler_warmup_steps", $"{arguments.WarmupSteps}"));
        list.Add(arguments.MaxSteps != -1 ? ("training_steps", $"{arguments.MaxSteps}") : ("num_epochs", Text(arguments.NumTrainEpochs)));
        if (arguments.Fp16)
            list.Add(("mixed_precision_training", "Native AMP"));
        if (arguments.LabelSmoothingFactor != 0)
            list.Add(("label_smoothing_factor", Text(arguments.LabelSmoothingFactor)));
        return list;
    }

    /// <summary>Whether a launcher started this process as one of several, or as the only one.</summary>
    internal static bool IsLaunched(ICollective? ranks) => ranks is { WorldSize: > 1 } or LocalCollective { IsLaunched: true };

    private static string Text(double value) => PythonJson.FormatFloat(value);
}
