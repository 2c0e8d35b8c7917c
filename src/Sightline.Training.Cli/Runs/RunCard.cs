using System.Runtime.InteropServices;
using Sightline.Metrics;
using Sightline.ModelCards;
using Sightline.Training.Cli.Data;
using Sightline.Training.Distributed;
using Sightline.Training.Modeling;
using Sightline.Training.Results;

namespace Sightline.Training.Cli.Runs;

/// <summary>The honest card of a run.</summary>
internal static class RunCard
{
    /// <summary>Its file beside the 4.17 Trainer's README.md.</summary>
    public const string FileName = "HONEST_CARD.md";

    public static string Create(RunSettings settings, Trainer trainer, TrainingResult result, TrainableModel model, IReadOnlyList<string> baseModels, LoadedCaptions train, LoadedCaptions? validation, CollapseCheck? collapse, EvaluationReport? scores, ICollective ranks)
    {
        var config = model.Config;
        var evaluation = trainer.Losses.LastOrDefault(row => row.IsEvaluation);
        var speed = result.Metrics["train_samples_per_second"]?.GetValue<double>();
        return HonestCard.Create(new HonestCardFacts
        {
            ModelName = Path.GetFileName(Path.GetFullPath(settings.Arguments.OutputDir)),
            Architecture = $"A vision encoder-decoder: {config.Encoder.ModelType} with {config.Encoder.NumHiddenLayers} layers and GPT-2 with {config.Decoder.NLayer} layers, {model.ParameterCount:N0} parameters.",
            BaseModels = baseModels,
            DatasetName = NameOf(settings.Data!.Train),
            EvaluationDatasetName = settings.Data.Validation is { } file ? NameOf(file) : null,
            DataFacts =
            [
                $"Training: {train.Dataset.Images.Count:N0} pictures, {train.Dataset.Examples.Count:N0} captions.",
                validation is null ? "No evaluation data." : $"Evaluation: {validation.Dataset.Images.Count:N0} pictures, {validation.Dataset.Examples.Count:N0} captions.",
                .. train.Dataset.Report.ToLines(),
            ],
            Preprocessing = [$"Pictures to {config.Encoder.ImageSize} x {config.Encoder.ImageSize} pixels, as Pillow resizes; EXIF orientation is not applied.", $"Captions to at most {settings.Arguments.LabelMaxLength} tokens."],
            Hyperparameters = Hyperparameters.List(settings.Arguments, ranks),
            TokenLoss = evaluation.IsEvaluation ? evaluation.Losses.Masked : null,
            PaddedLoss = evaluation.IsEvaluation ? evaluation.Losses.Pad : null,
            Scores = scores is null ? [] : [.. scores.Metrics.Select(metric => (metric.Name, metric.Corpus))],
            Examination = [.. collapse is null ? [] : new[] { collapse.Words }, .. scores is null ? [] : Words(scores, validation!)],
            Hardware = $"{(ranks.WorldSize > 1 ? $"{ranks.WorldSize} ranks over {ranks.Description}, rank 0 with " : "")}{Environment.ProcessorCount} processors, {RuntimeInformation.OSArchitecture}",
            Duration = result.Metrics["train_runtime"]?.GetValue<double>() is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            ImagesPerSecond = speed,
            FrameworkVersions = FrameworkVersions.List,
            Command = $"sightline-train run {RunSettings.FileName} --output_dir DIR",
        });
    }

    // annotations/val.json: enough to know it by, without the folders of the machine.
    private static string NameOf(string file) => $"{Path.GetFileName(Path.GetDirectoryName(file))}/{Path.GetFileName(file)}";

    private static IEnumerable<string> Words(EvaluationReport scores, LoadedCaptions validation) =>
    [
        $"The metrics compare {scores.Images.Count:N0} captions of {validation.Dataset.Images.Count:N0} evaluation pictures with references that are neither rejected nor pre-canned, by the rules of the VizWiz challenge.",
        .. scores.Notes,
    ];
}
