using Sightline.Training.Optimization;

namespace Sightline.Training;

/// <summary>Ranges of the arguments, and which of them go together.</summary>
internal static class ArgumentChecks
{
    public static void Check(TrainingArguments a)
    {
        var faults = new List<string>();
        Positive("per_device_train_batch_size", a.PerDeviceTrainBatchSize);
        Positive("per_device_eval_batch_size", a.PerDeviceEvalBatchSize);
        Positive("gradient_accumulation_steps", a.GradientAccumulationSteps);
        Positive("logging_steps", a.LoggingSteps);
        Positive("save_steps", a.SaveSteps);
        Positive("eval_steps", a.EvaluationInterval);
        Positive("label_max_length", a.LabelMaxLength);
        Require(a.OutputDir.Length > 0, "output_dir is empty; a folder was expected");
        Require(a.LearningRate is >= 0 and < 1e6, $"learning_rate is {a.LearningRate}; 0 or more was expected");
        Require(a.LrSchedulerType != SchedulerKind.Polynomial || a.LearningRate > LearningRateSchedule.PolynomialEnd, $"learning_rate is {a.LearningRate}; lr_scheduler_type polynomial ends with {LearningRateSchedule.PolynomialEnd} and needs more");
        Require(a.WeightDecay is >= 0 and < 1e6, $"weight_decay is {a.WeightDecay}; 0 or more was expected");
        Require(a.AdamBeta1 is >= 0 and < 1, $"adam_beta1 is {a.AdamBeta1}; 0 to below 1 was expected");
        Require(a.AdamBeta2 is >= 0 and < 1, $"adam_beta2 is {a.AdamBeta2}; 0 to below 1 was expected");
        Require(a.AdamEpsilon is > 0 and < 1, $"adam_epsilon is {a.AdamEpsilon}; a small number above 0 was expected");
        Require(a.MaxGradNorm >= 0, $"max_grad_norm is {a.MaxGradNorm}; 0 (off) or more was expected");
        Require(a.NumTrainEpochs is > 0 and <= 1e6 || a.MaxSteps > 0, $"num_train_epochs is {a.NumTrainEpochs}; more than 0 was expected");
        Require(a.MaxSteps is -1 or > 0, $"max_steps is {a.MaxSteps}; more than 0, or -1 for whole epochs, was expected");
        Require(a.WarmupRatio is >= 0 and <= 1, $"warmup_ratio is {a.WarmupRatio}; 0 to 1 was expected");
        Require(a.WarmupSteps >= 0, $"warmup_steps is {a.WarmupSteps}; 0 or more was expected");
        Require(a.LabelSmoothingFactor is >= 0 and < 1, $"label_smoothing_factor is {a.LabelSmoothingFactor}; 0 to below 1 was expected");
        Require(a.SaveTotalLimit is null or > 0, $"save_total_limit is {a.SaveTotalLimit}; at least 1, or null for all, was expected");
        Require(a.EarlyStoppingPatience is null or > 0, $"early_stopping_patience is {a.EarlyStoppingPatience}; at least 1, or null, was expected");
        Require(a.GenerationMaxLength is null or > 1, $"generation_max_length is {a.GenerationMaxLength}; at least 2 (the start token and one more), or null, was expected");
        Require(a.GenerationNumBeams is null or > 0, $"generation_num_beams is {a.GenerationNumBeams}; at least 1, or null, was expected");
        Require(a.Threads >= 0, $"threads is {a.Threads}; 0 (automatic) or more was expected");
        Require(a.DdpBucketCapMb is null or > 0, $"ddp_bucket_cap_mb is {a.DdpBucketCapMb}; at least 1, or null, was expected");
        Require(a.DdpTimeout >= 0, $"ddp_timeout is {a.DdpTimeout}; seconds, or 0 for ever, was expected");
        Require(!(a.Fp16 && a.Bf16), "fp16 and bf16 are both set; one at most was expected");
        if (a.LoadBestModelAtEnd)
        {
            Require(a.EvaluationStrategy == a.SaveStrategy, "load_best_model_at_end needs evaluation_strategy and save_strategy to be the same");
            Require(a.EvaluationStrategy != IntervalStrategy.Steps || a.SaveSteps % a.EvaluationInterval == 0, $"load_best_model_at_end needs save_steps ({a.SaveSteps}) to be a multiple of eval_steps ({a.EvaluationInterval})");
        }

        Require(a.EarlyStoppingPatience is null || a.EvaluationStrategy != IntervalStrategy.No, "early_stopping_patience needs an evaluation_strategy");
        if (faults.Count > 0)
            throw new ConfigurationException($"training arguments: {faults.Count} {(faults.Count == 1 ? "problem" : "problems")}: {string.Join("; ", faults)}.");

        void Require(bool holds, string fault)
        {
            if (!holds)
                faults.Add(fault);
        }

        void Positive(string name, int value) => Require(value > 0, $"{name} is {value}; at least 1 was expected");
    }
}
