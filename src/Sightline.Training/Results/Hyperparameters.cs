using Sightline.IO;
using Sightline.Training.Optimization;

namespace Sightline.Training.Results;

/// <summary>The settings as 4.17's model card lists them (<c>extract_hyperparameters_from_trainer</c>).</summary>
public static class Hyperparameters
{
    /// <summary>Names and values in the card's order.</summary>
    public static IReadOnlyList<(string Name, string Value)> List(TrainingArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        var list = new List<(string, string)>
        {
            ("learning_rate", Text(arguments.LearningRate)),
            ("train_batch_size", $"{arguments.PerDeviceTrainBatchSize}"),
            ("eval_batch_size", $"{arguments.PerDeviceEvalBatchSize}"),
            ("seed", $"{arguments.Seed}"),
        };
        if (arguments.GradientAccumulationSteps > 1)
        {
            list.Add(("gradient_accumulation_steps", $"{arguments.GradientAccumulationSteps}"));
            list.Add(("total_train_batch_size", $"{arguments.PerDeviceTrainBatchSize * arguments.GradientAccumulationSteps}"));
        }

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

    private static string Text(double value) => PythonJson.FormatFloat(value);
}
