using Sightline.Checkpoints;
using Sightline.Checkpoints.Pickle;

namespace Sightline.Training.Checkpointing;

/// <summary>
/// <c>training_args.bin</c>: a pickle of Transformers 4.17's <c>TrainingArguments</c> (with <c>predict_with_generate</c> of <c>Seq2SeqTrainingArguments</c>) that Python can load. It is written for other programs and never read here;
/// what 4.17 has no argument for (loss, normalisation, freezing) is not in it.
/// </summary>
internal static class TrainingArgumentsFile
{
    public const string FileName = "training_args.bin";

    private static readonly PickleGlobal s_getAttribute = new("__builtin__", "getattr");

    public static void Save(string folder, TrainingArguments a, bool cuda, int localRank = -1)
    {
        var interval = new PickleGlobal("transformers.trainer_utils", "IntervalStrategy");
        var intervals = new Dictionary<IntervalStrategy, PickleReduce>();
        var values = new PickleDictionary();
        Set("output_dir", a.OutputDir);
        Set("overwrite_output_dir", a.OverwriteOutputDir);
        Set("do_train", false);
        Set("do_eval", a.EvaluationStrategy != IntervalStrategy.No);
        Set("do_predict", false);
        Set("evaluation_strategy", Interval(a.EvaluationStrategy));
        Set("prediction_loss_only", false);
        Set("per_device_train_batch_size", (long)a.PerDeviceTrainBatchSize);
        Set("per_device_eval_batch_size", (long)a.PerDeviceEvalBatchSize);
        Set("per_gpu_train_batch_size", null);
        Set("per_gpu_eval_batch_size", null);
        Set("gradient_accumulation_steps", (long)a.GradientAccumulationSteps);
        Set("eval_accumulation_steps", null);
        Set("learning_rate", a.LearningRate);
        Set("weight_decay", a.WeightDecay);
        Set("adam_beta1", a.AdamBeta1);
        Set("adam_beta2", a.AdamBeta2);
        Set("adam_epsilon", a.AdamEpsilon);
        Set("max_grad_norm", a.MaxGradNorm);
        Set("num_train_epochs", a.NumTrainEpochs);
        Set("max_steps", (long)a.MaxSteps);
        Set("lr_scheduler_type", Member("transformers.trainer_utils", "SchedulerType", ArgumentTable.NameOf(a.LrSchedulerType).ToUpperInvariant()));
        Set("warmup_ratio", a.WarmupRatio);
        Set("warmup_steps", (long)a.WarmupSteps);
        Set("log_level", -1L);
        Set("log_level_replica", -1L);
        Set("log_on_each_node", true);
        Set("logging_dir", a.LoggingDir ?? $"{a.OutputDir}/runs");
        Set("logging_strategy", Interval(a.LoggingStrategy));
        Set("logging_first_step", a.LoggingFirstStep);
        Set("logging_steps", (long)a.LoggingSteps);
        Set("logging_nan_inf_filter", true);
        Set("save_strategy", Interval(a.SaveStrategy));
        Set("save_steps", (long)a.SaveSteps);
        Set("save_total_limit", (long?)a.SaveTotalLimit);
        Set("save_on_each_node", false);
        Set("no_cuda", !cuda);
        Set("seed", a.Seed);
        Set("bf16", a.Bf16);
        Set("fp16", a.Fp16);
        Set("fp16_opt_level", "O1");
        Set("half_precision_backend", "auto");
        Set("bf16_full_eval", false);
        Set("fp16_full_eval", false);
        Set("tf32", null);
        Set("local_rank", (long)localRank);
        Set("xpu_backend", null);
        Set("tpu_num_cores", null);
        Set("tpu_metrics_debug", false);
        Set("debug", new List<object?>());
        Set("dataloader_drop_last", false);
        Set("eval_steps", a.EvaluationStrategy == IntervalStrategy.Steps ? (long)a.EvaluationInterval : (long?)a.EvalSteps);
        Set("dataloader_num_workers", 0L);
        Set("past_index", -1L);
        Set("run_name", a.RunName ?? a.OutputDir);
        Set("disable_tqdm", true);
        Set("remove_unused_columns", true);
        Set("label_names", null);
        Set("load_best_model_at_end", a.LoadBestModelAtEnd);
        Set("metric_for_best_model", a.BestMetric);
        Set("greater_is_better", a.BestMetric is null ? null : a.MoreIsBetter);
        Set("ignore_data_skip", false);
        Set("sharded_ddp", new List<object?>());
        Set("deepspeed", null);
        Set("label_smoothing_factor", a.LabelSmoothingFactor);
        Set("optim", Member("transformers.training_args", "OptimizerNames", a.Optim == Optimization.OptimizerKind.AdamWHf ? "ADAMW_HF" : "ADAMW_TORCH"));
        Set("adafactor", false);
        Set("group_by_length", false);
        Set("length_column_name", "length");
        Set("report_to", new List<object?>());
        Set("ddp_find_unused_parameters", null);
        Set("ddp_bucket_cap_mb", (long?)a.DdpBucketCapMb);
        Set("dataloader_pin_memory", true);
        Set("skip_memory_metrics", true);
        Set("use_legacy_prediction_loop", false);
        Set("push_to_hub", false);
        Set("resume_from_checkpoint", null);
        Set("hub_model_id", null);
        Set("hub_strategy", Member("transformers.trainer_utils", "HubStrategy", "EVERY_SAVE"));
        Set("hub_token", null);
        Set("gradient_checkpointing", a.GradientCheckpointing);
        Set("fp16_backend", values.TryGetValue("half_precision_backend", out var auto) ? auto : null);
        Set("push_to_hub_model_id", null);
        Set("push_to_hub_organization", null);
        Set("push_to_hub_token", null);
        Set("mp_parameters", "");
        if (a.PredictWithGenerate)
        {
            Set("sortish_sampler", false);
            Set("predict_with_generate", true);
            Set("generation_max_length", (long?)a.GenerationMaxLength);
            Set("generation_num_beams", (long?)a.GenerationNumBeams);
        }

        Set("_n_gpu", cuda ? 1L : 0L);
        Set("__cached__setup_devices", new PickleReduce(new PickleGlobal("torch", "device"), [cuda ? "cuda" : "cpu"]));
        var type = a.PredictWithGenerate
            ? new PickleGlobal("transformers.training_args_seq2seq", "Seq2SeqTrainingArguments")
            : new PickleGlobal("transformers.training_args", "TrainingArguments");
        var root = new PickleBuild(new PickleNew(type), values);
        new TorchObjectWriter().Write(Path.Combine(folder, FileName), root);

        void Set(string name, object? value) => values.Set(name, value);

        PickleReduce Interval(IntervalStrategy strategy)
        {
            if (!intervals.TryGetValue(strategy, out var made))
                intervals.Add(strategy, made = new PickleReduce(s_getAttribute, [interval, ArgumentTable.NameOf(strategy).ToUpperInvariant()]));
            return made;
        }
    }

    private static PickleReduce Member(string module, string type, string name) => new(s_getAttribute, [new PickleGlobal(module, type), name]);
}
