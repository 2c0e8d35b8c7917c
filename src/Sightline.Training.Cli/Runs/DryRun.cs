using System.Globalization;
using System.Text.Json.Nodes;
using Sightline.Configuration;
using Sightline.Data;
using Sightline.Training.Cli.Output;

namespace Sightline.Training.Cli.Runs;

/// <summary>What a run would do and need, without doing it.</summary>
/// <param name="settings">The merged settings.</param>
/// <param name="events">Gets the lines.</param>
/// <param name="worldSize">Number of ranks.</param>
internal sealed class DryRun(RunSettings settings, RunEvents events, int worldSize = 1)
{
    private readonly TrainingArguments _arguments = settings.Arguments;

    /// <summary>Prints the schedule and the estimates.</summary>
    /// <param name="examples">The number of training examples; null: counted from the data.</param>
    public void Run(int? examples)
    {
        _arguments.Validate();
        var plan = new TrainingPlan(_arguments, examples ?? CountExamples(), worldSize);
        events.Tell("settings", null, settings.ToJson());
        TellSchedule(plan);
        TellRates(plan);
        if (_arguments.EvaluationStrategy != IntervalStrategy.No)
            TellEvaluations(plan);
        if (Config() is { } config)
            TellSizes(config, plan);
        else
            events.Tell("sizes", "The run file names no model: parameters, memory and disk are not estimated.");
    }

    private int CountExamples()
    {
        if (settings.Data is not { } data)
            throw new UsageException("--dry-run needs a run file with data, or --examples N.");
        var dataset = CaptionDataset.Load(data.Train, data.TrainImages, data.Options with { RequireImageFiles = data.MissingImages == FaultPolicy.Skip });
        return _arguments.GroupCaptions ? dataset.ExamplesByImage().Count(captions => captions.Count > 0) : dataset.Examples.Count;
    }

    // The preset stands for the model card's run, and so for its model.
    private VisionEncoderDecoderConfig? Config() => settings.Model is { } model ? ModelSetup.ReadConfig(model) : settings.Preset == "vizwiz" ? CardModel.Config : null;

    private void TellSchedule(TrainingPlan plan)
    {
        var accumulation = _arguments.GradientAccumulationSteps > 1 ? $", {_arguments.GradientAccumulationSteps} of them an update" : "";
        events.Tell(
            "schedule",
            Invariant($"{plan.ExampleCount} examples in batches of {_arguments.PerDeviceTrainBatchSize}{(worldSize > 1 ? $" on each of {worldSize} ranks" : "")}{accumulation}: {plan.StepsPerEpoch} steps an epoch, {plan.TotalSteps} steps in all."),
            new JsonObject
            {
                ["examples"] = plan.ExampleCount,
                ["micro_batches_per_epoch"] = plan.MicroBatchesPerEpoch,
                ["steps_per_epoch"] = plan.StepsPerEpoch,
                ["total_steps"] = plan.TotalSteps,
                ["warmup_steps"] = plan.Schedule.WarmupSteps,
            });
    }

    private void TellRates(TrainingPlan plan)
    {
        var steps = new[] { 0, plan.Schedule.WarmupSteps, plan.TotalSteps / 2, plan.TotalSteps - 1 }.Distinct().Order().ToList();
        events.Tell(
            "learning_rate",
            $"Learning rate: {string.Join(", ", steps.Select(step => Invariant($"{plan.Schedule.At(step):G4} at step {step + 1}")))}.",
            new JsonObject(steps.Select(step => KeyValuePair.Create($"{step + 1}", (JsonNode?)plan.Schedule.At(step)))));
    }

    private void TellEvaluations(TrainingPlan plan)
    {
        var interval = _arguments.EvaluationStrategy == IntervalStrategy.Epoch ? plan.StepsPerEpoch : _arguments.EvalSteps ?? _arguments.LoggingSteps;
        var rows = new List<(int Step, double Epoch)>();
        for (var step = interval; step <= plan.TotalSteps; step += interval)
            rows.Add((step, Math.Round((double)step / plan.StepsPerEpoch, 2)));
        var text = rows.Count == 0
            ? $"No evaluation: the first would come after step {interval}."
            : $"{rows.Count} evaluations, one every {interval} steps, at epochs {string.Join(" ", rows.Select(row => Invariant($"{row.Epoch:0.0#}")))}.";
        events.Tell("evaluations", text, new JsonObject
        {
            ["steps"] = new JsonArray([.. rows.Select(row => (JsonNode)row.Step)]),
            ["epochs"] = new JsonArray([.. rows.Select(row => (JsonNode)row.Epoch)]),
        });
    }

    private void TellSizes(VisionEncoderDecoderConfig config, TrainingPlan plan)
    {
        var estimate = new SizeEstimate(config, _arguments);
        events.Tell(
            "parameters",
            Invariant($"Parameters: {estimate.Encoder + estimate.Decoder} ({estimate.Encoder} of the encoder, {estimate.Decoder} of the decoder)."),
            new JsonObject { ["total"] = estimate.Encoder + estimate.Decoder, ["encoder"] = estimate.Encoder, ["decoder"] = estimate.Decoder });
        events.Tell(
            "memory",
            $"Memory: about {Size(estimate.StateBytes + estimate.ActivationBytes)}: {Size(estimate.StateBytes)} for weights, gradients and optimizer, about {Size(estimate.ActivationBytes)} for the activations of one batch.",
            new JsonObject { ["state_bytes"] = estimate.StateBytes, ["activation_bytes_estimate"] = estimate.ActivationBytes });
        var checkpoints = Checkpoints(plan);
        var disk = estimate.ModelBytes + (checkpoints * estimate.CheckpointBytes);
        events.Tell(
            "disk",
            $"Disk: about {Size(disk)}: {Size(estimate.ModelBytes)} for the model at the end and {checkpoints} checkpoints of {Size(estimate.CheckpointBytes)}.",
            new JsonObject { ["bytes"] = disk, ["checkpoints"] = checkpoints, ["checkpoint_bytes"] = estimate.CheckpointBytes, ["model_bytes"] = estimate.ModelBytes });
    }

    private int Checkpoints(TrainingPlan plan)
    {
        var saves = _arguments.SaveStrategy switch
        {
            IntervalStrategy.Steps => plan.TotalSteps / _arguments.SaveSteps,
            IntervalStrategy.Epoch => plan.Epochs,
            _ => 0,
        };
        // While one is written, the oldest is still there.
        return _arguments.SaveTotalLimit is { } limit ? Math.Min(saves, limit + 1) : saves;
    }

    private static string Size(double bytes) => bytes >= 1e9 ? Invariant($"{bytes / 1e9:F1} GB") : Invariant($"{bytes / 1e6:F1} MB");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
