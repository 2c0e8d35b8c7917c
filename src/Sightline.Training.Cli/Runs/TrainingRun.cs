using System.Text.Json.Nodes;
using Sightline.Data;
using Sightline.IO;
using Sightline.ModelCards;
using Sightline.Models;
using Sightline.Training.Checkpointing;
using Sightline.Training.Cli.Data;
using Sightline.Training.Cli.Output;
using Sightline.Training.Modeling;
using Sightline.Training.TensorBoard;

namespace Sightline.Training.Cli.Runs;

/// <summary>A run from caption files to a trained checkpoint.</summary>
/// <param name="settings">The merged settings.</param>
/// <param name="events">Gets the news.</param>
/// <param name="live">The terminal for the live line; null without one.</param>
internal sealed class TrainingRun(RunSettings settings, RunEvents events, TextWriter? live)
{
    private readonly TrainingArguments _arguments = settings.Arguments;

    /// <summary>Runs.</summary>
    /// <param name="resumeFrom">A checkpoint folder; empty: the newest of the output folder; null: from the beginning.</param>
    /// <param name="stop">Saves a checkpoint and ends.</param>
    /// <returns>Whether the run came to its end.</returns>
    public bool Run(string? resumeFrom, CancellationToken stop)
    {
        var (dataSettings, modelSettings) = Check();
        resumeFrom = resumeFrom?.Length == 0 ? FindCheckpoint() : resumeFrom;
        var trainCaptions = CaptionDataset.Load(dataSettings.Train, dataSettings.TrainImages, dataSettings.Options);
        var validationCaptions = dataSettings.Validation is { } file ? CaptionDataset.Load(file, dataSettings.ValidationImages, dataSettings.Options) : null;
        var setup = ModelSetup.Create(modelSettings, _arguments.Seed, trainCaptions.Examples.Select(example => example.Caption));
        CheckLabels(setup);
        using var train = LoadedCaptions.Open(trainCaptions, "train", dataSettings, setup.Processor, stop);
        using var validation = validationCaptions is null ? null : LoadedCaptions.Open(validationCaptions, "validation", dataSettings, setup.Processor, stop);
        TellSettings(train, validation);

        using var model = TrainableModel.FromCheckpoint(setup.Checkpoint, modelSettings.Device);
        using var companions = new TemporaryCompanions(setup);
        var validationData = validation is null ? null : Adapt(validation, setup);
        using var tensorBoard = new TensorBoardCallback(setup.Checkpoint.Config);
        using var trainer = new Trainer(model, _arguments, Adapt(train, setup), validationData, [new ProgressLines(events, live), tensorBoard])
        {
            CompanionFiles = companions.Files,
        };
        SaveSettings();
        var result = trainer.Train(resumeFrom, stop);
        if (stop.IsCancellationRequested && result.StoppedEarly)
        {
            events.Tell(
                "stopped",
                $"Stopped after step {result.State.GlobalStep} of {result.State.MaxSteps}. Go on with --resume_from_checkpoint.",
                new JsonObject { ["step"] = result.State.GlobalStep, ["checkpoint"] = result.LastCheckpoint });
            return false;
        }

        Finish(trainer, result, validation is not null);
        WriteFindings(trainer, result, model.ToCheckpoint(), train, validation, validationData);
        return true;
    }

    private (DataSettings Data, ModelSettings Model) Check()
    {
        if (settings.Data is not { } data || settings.Model is not { } model)
            throw new UsageException($"the run file has no section {(settings.Data is null ? "data" : "model")}; training needs both. (--dry-run works without.)");
        if (!settings.HasOutputDir)
            throw new UsageException("--output_dir is missing; name the folder for checkpoints and results.");
        _arguments.Validate();
        return (data, model);
    }

    private string FindCheckpoint() => CheckpointFolders.FindLast(_arguments.OutputDir)
        ?? throw new TrainingException($"{_arguments.OutputDir}: no checkpoint to resume from; run without --resume_from_checkpoint, or name its folder.");

    private void CheckLabels(ModelSetup setup)
    {
        var positions = setup.Checkpoint.Config.Decoder.NPositions;
        if (_arguments.LabelMaxLength > positions)
            throw new ConfigurationException($"label_max_length is {_arguments.LabelMaxLength}; the decoder has {positions} positions (n_positions). Use at most {positions}.");
    }

    private CaptionTrainingData Adapt(LoadedCaptions captions, ModelSetup setup) => new(
        captions.Dataset, captions.Pixels, new PixelTable(setup.Processor), CaptionLabels.Make(captions.Dataset, setup.Tokenizer, _arguments.LabelMaxLength), _arguments, settings.Data!.Shuffle);

    private void TellSettings(LoadedCaptions train, LoadedCaptions? validation)
    {
        var (all, defaults) = (_arguments.ToJson(), new TrainingArguments().ToJson());
        events.Tell("settings", null, settings.ToJson());
        foreach (var (name, value) in all)
        {
            if (!events.IsJson && !JsonNode.DeepEquals(value, defaults[name]))
                events.Tell("settings", $"{name} = {value?.ToJsonString() ?? "null"}");
        }

        events.Tell("settings_file", $"All other arguments have their defaults; {Path.Combine(_arguments.OutputDir, RunSettings.FileName)} lists every one.", new JsonObject { ["file"] = Path.Combine(_arguments.OutputDir, RunSettings.FileName) });
        foreach (var (name, captions) in new[] { ("train", train), ("validation", validation) })
        {
            if (captions is null)
                continue;
            var dataset = captions.Dataset;
            events.Tell("data", $"Data {name}: {dataset.Images.Count} pictures, {dataset.Examples.Count} captions.", new JsonObject { ["split"] = name, ["images"] = dataset.Images.Count, ["captions"] = dataset.Examples.Count });
            foreach (var line in dataset.Report.ToLines())
                events.Tell("data_report", line, new JsonObject { ["split"] = name, ["line"] = line });
        }
    }

    private void SaveSettings()
    {
        Directory.CreateDirectory(_arguments.OutputDir);
        AtomicFile.WriteAllText(Path.Combine(_arguments.OutputDir, RunSettings.FileName), PythonJson.Serialize(settings.ToJson()) + "\n");
    }

    private void Finish(Trainer trainer, TrainingResult result, bool evaluate)
    {
        trainer.SaveResults(result);
        if (evaluate)
        {
            trainer.SaveResults(trainer.Evaluate());
            trainer.State.Save(_arguments.OutputDir);
        }

        trainer.SaveCard(new TrainerCardOptions { ModelName = Path.GetFileName(Path.GetFullPath(_arguments.OutputDir)) });
        events.Tell(
            "end",
            $"Done after {result.State.GlobalStep} steps{(result.StoppedEarly ? " (early stopping)" : "")}: {_arguments.OutputDir} holds the model and its results.",
            new JsonObject { ["step"] = result.State.GlobalStep, ["output_dir"] = _arguments.OutputDir, ["train_loss"] = result.Metrics["train_loss"]?.DeepClone() });
    }

    // What the run found out, beside what the Trainer of 4.17 writes: the check for collapse, the curve, the honest card.
    private void WriteFindings(Trainer trainer, TrainingResult result, ModelCheckpoint checkpoint, LoadedCaptions train, LoadedCaptions? validation, CaptionTrainingData? validationData)
    {
        CollapseCheck? collapse = null;
        if (validationData is not null)
        {
            using var model = VisionEncoderDecoderModel.Load(_arguments.OutputDir);
            collapse = CollapseCheck.Run(model, validationData);
            events.Tell("collapse_check", collapse.Words, new JsonObject { ["pictures"] = collapse.Pictures, ["distinct"] = collapse.Distinct, ["changed"] = collapse.Changed });
        }

        if (trainer.Losses.Any(row => !row.IsEvaluation))
            AtomicFile.WriteAllText(Path.Combine(_arguments.OutputDir, "loss.svg"), LossCurve.ToSvg(trainer.Losses));
        AtomicFile.WriteAllText(Path.Combine(_arguments.OutputDir, RunCard.FileName), RunCard.Create(settings, trainer, result, checkpoint, train, validation, collapse));
    }

    /// <summary>Tokenizer and preprocessor files in a folder of their own, from which every checkpoint gets copies.</summary>
    private sealed class TemporaryCompanions : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sightline-train-");

        public TemporaryCompanions(ModelSetup setup) => Files = setup.SaveCompanions(_folder.FullName);

        public IReadOnlyList<string> Files { get; }

        public void Dispose() => _folder.Delete(recursive: true);
    }
}
