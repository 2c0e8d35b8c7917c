using System.Text.Json.Nodes;
using Sightline.Data;
using Sightline.Generation;
using Sightline.IO;
using Sightline.Metrics;
using Sightline.ModelCards;
using Sightline.Models;
using Sightline.Training.Checkpointing;
using Sightline.Training.Cli.Data;
using Sightline.Training.Cli.Output;
using Sightline.Training.Distributed;
using Sightline.Training.Modeling;
using Sightline.Training.TensorBoard;

namespace Sightline.Training.Cli.Runs;

/// <summary>A run from caption files to a trained checkpoint.</summary>
/// <param name="settings">The merged settings.</param>
/// <param name="events">Gets the news.</param>
/// <param name="live">The terminal for the live line; null without one.</param>
/// <param name="ranks">The processes that train together.</param>
internal sealed class TrainingRun(RunSettings settings, RunEvents events, TextWriter? live, ICollective ranks)
{
    private const string CaptionsFileName = "eval_captions.json";
    private static readonly string[] s_evaluationMetrics = ["loss", "runtime", "samples_per_second", "steps_per_second"];

    private readonly TrainingArguments _arguments = settings.Arguments;

    /// <summary>Runs.</summary>
    /// <param name="resumeFrom">A checkpoint folder; empty: the newest of the output folder; <c>auto</c>: that one if there is one; null: from the beginning.</param>
    /// <param name="stop">Saves a checkpoint and ends.</param>
    /// <returns>Whether the run came to its end.</returns>
    public bool Run(string? resumeFrom, CancellationToken stop)
    {
        var (dataSettings, modelSettings) = Check();
        resumeFrom = resumeFrom switch { "" => FindCheckpoint(), "auto" => CheckpointFolders.FindLast(_arguments.OutputDir), _ => resumeFrom };
        if (resumeFrom is not null && !Directory.Exists(resumeFrom))
            throw new TrainingException($"{resumeFrom}: no such checkpoint.");
        if (resumeFrom is not null)
            TellRanks(RandomStateFile.CountRanks(resumeFrom));
        var trainCaptions = CaptionDataset.Load(dataSettings.Train, dataSettings.TrainImages, dataSettings.Options);
        var validationCaptions = dataSettings.Validation is { } file ? CaptionDataset.Load(file, dataSettings.ValidationImages, dataSettings.Options) : null;
        var setup = ModelSetup.Create(modelSettings, _arguments.Seed, trainCaptions.Examples.Select(example => example.Caption));
        CheckLabels(setup);
        if (ranks.Rank > 0)
            ranks.Barrier(); // rank 0 makes the caches, the others read them
        using var train = LoadedCaptions.Open(trainCaptions, "train", dataSettings, setup.Processor, stop);
        using var validation = validationCaptions is null ? null : LoadedCaptions.Open(validationCaptions, "validation", dataSettings, setup.Processor, stop);
        if (ranks.Rank == 0)
            ranks.Barrier();
        TellSettings(train, validation);
        events.Tell("model", $"Model of {setup.Origin}", new JsonObject { ["origin"] = setup.Origin });

        using var model = TrainableModel.FromCheckpoint(setup.Checkpoint, modelSettings.Device == "cuda" && ranks.WorldSize > 1 ? $"cuda:{ranks.LocalRank}" : modelSettings.Device);
        var baseModels = setup.BaseModels; // the setup holds a copy of all weights, which must not outlive the start
        using var companions = new TemporaryCompanions(setup);
        var validationData = validation is null ? null : Adapt(validation, setup, ranks);
        var findingsData = validation is null ? null : Adapt(validation, setup, new LocalCollective()); // rank 0 alone looks for collapse
        var scorer = _arguments.PredictWithGenerate ? new CaptionScorer(validation!.Dataset, validationData!, setup.Tokenizer, CaptionSearch(companions, setup), _arguments, ranks) : null;
        scorer?.Try(model);
        using var tensorBoard = new TensorBoardCallback(setup.Checkpoint.Config);
        using var trainer = new Trainer(model, _arguments, Adapt(train, setup, ranks), validationData, [new ProgressLines(events, live), tensorBoard], ranks)
        {
            CompanionFiles = companions.Files,
            Scorer = scorer is null ? null : scorer.Score,
        };
        if (ranks.Rank == 0)
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

        Finish(trainer, result, validation is not null, scorer);
        if (ranks.Rank == 0)
            WriteFindings(trainer, result, model, baseModels, train, validation, findingsData, scorer?.Report);
        ranks.Barrier(); // a launcher may end the job when rank 0 does
        return true;
    }

    private (DataSettings Data, ModelSettings Model) Check()
    {
        if (settings.Data is not { } data || settings.Model is not { } model)
            throw new UsageException($"the run file has no section {(settings.Data is null ? "data" : "model")}; training needs both. (--dry-run works without.)");
        if (!settings.HasOutputDir)
            throw new UsageException("--output_dir is missing; name the folder for checkpoints and results.");
        _arguments.Validate();
        if (_arguments.PredictWithGenerate && data.Validation is null)
            throw new ConfigurationException("predict_with_generate is set and the run file has no data.validation; there is nothing to caption.");
        CheckBestMetric();
        return (data, model);
    }

    private void CheckBestMetric()
    {
        if (_arguments.MetricForBestModel is not { } metric)
            return;
        var name = metric.StartsWith("eval_", StringComparison.Ordinal) ? metric["eval_".Length..] : metric;
        IEnumerable<string> known = [.. s_evaluationMetrics, .. _arguments.PredictWithGenerate ? CaptionScorer.Names : []];
        if (known.Contains(name))
            return;
        throw new ConfigurationException($"metric_for_best_model is '{metric}'; {(CaptionScorer.Names.Contains(name) ? "that needs predict_with_generate" : $"{string.Join(", ", known)} was expected")}.");
    }

    private string FindCheckpoint() => CheckpointFolders.FindLast(_arguments.OutputDir)
        ?? throw new TrainingException($"{_arguments.OutputDir}: no checkpoint to resume from; run without --resume_from_checkpoint, or name its folder.");

    private void CheckLabels(ModelSetup setup)
    {
        var positions = setup.Checkpoint.Config.Decoder.NPositions;
        if (_arguments.LabelMaxLength > positions)
            throw new ConfigurationException($"label_max_length is {_arguments.LabelMaxLength}; the decoder has {positions} positions (n_positions). Use at most {positions}.");
    }

    // As the captioner will search with a checkpoint of this run, but for what the arguments say.
    private GenerationOptions CaptionSearch(TemporaryCompanions companions, ModelSetup setup)
    {
        var positions = setup.Checkpoint.Config.Decoder.NPositions;
        if (_arguments.GenerationMaxLength > positions)
            throw new ConfigurationException($"generation_max_length is {_arguments.GenerationMaxLength}; the decoder has {positions} positions (n_positions). Use at most {positions}.");
        return new GenerationOptions { MaxLength = _arguments.GenerationMaxLength, NumBeams = _arguments.GenerationNumBeams, NumReturnSequences = 1 }
            .MergeOver(companions.Generation)
            .MergeOver(new GenerationOptions { MaxLength = Math.Min(new CaptionerOptions().DefaultMaxLength, positions) });
    }

    private CaptionTrainingData Adapt(LoadedCaptions captions, ModelSetup setup, ICollective readers) => new(
        captions.Dataset, captions.Pixels, new PixelTable(setup.Processor), CaptionLabels.Make(captions.Dataset, setup.Tokenizer, _arguments.LabelMaxLength), _arguments, settings.Data!.Shuffle, readers);

    private void TellRanks(int before)
    {
        if (before == ranks.WorldSize)
            return;
        events.Tell(
            "ranks_changed",
            $"The checkpoint was saved by {Count(before)} and goes on with {Count(ranks.WorldSize)}: the rest of this epoch is shared anew, and an epoch has another number of steps.",
            new JsonObject { ["before"] = before, ["ranks"] = ranks.WorldSize });

        static string Count(int number) => number == 1 ? "1 rank" : $"{number} ranks";
    }

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
        try
        {
            Directory.CreateDirectory(_arguments.OutputDir);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"output_dir {_arguments.OutputDir}: cannot be used as a folder ({e.Message.TrimEnd('.')}). Choose another.", e);
        }

        AtomicFile.WriteAllText(Path.Combine(_arguments.OutputDir, RunSettings.FileName), PythonJson.Serialize(settings.ToJson()) + "\n");
    }

    private void Finish(Trainer trainer, TrainingResult result, bool evaluate, CaptionScorer? scorer)
    {
        trainer.SaveResults(result);
        if (evaluate)
        {
            trainer.SaveResults(trainer.Evaluate());
            if (ranks.Rank == 0)
            {
                trainer.State.Save(_arguments.OutputDir);
                if (scorer is not null)
                    CaptionResults.Save(Path.Combine(_arguments.OutputDir, CaptionsFileName), scorer.Captions);
            }
        }

        trainer.SaveCard(new TrainerCardOptions { ModelName = Path.GetFileName(Path.GetFullPath(_arguments.OutputDir)) });
        events.Tell(
            "end",
            $"Done after {result.State.GlobalStep} steps{(result.StoppedEarly ? " (early stopping)" : "")}: {_arguments.OutputDir} holds the model and its results.",
            new JsonObject { ["step"] = result.State.GlobalStep, ["output_dir"] = _arguments.OutputDir, ["train_loss"] = result.Metrics["train_loss"]?.DeepClone() });
    }

    // What the run found out, beside what the Trainer of 4.17 writes: the check for collapse, the curve, the honest card.
    private void WriteFindings(Trainer trainer, TrainingResult result, TrainableModel trained, IReadOnlyList<string> baseModels, LoadedCaptions train, LoadedCaptions? validation, CaptionTrainingData? validationData, EvaluationReport? scores)
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
        AtomicFile.WriteAllText(Path.Combine(_arguments.OutputDir, RunCard.FileName), RunCard.Create(settings, trainer, result, trained, baseModels, train, validation, collapse, scores, ranks));
    }

    /// <summary>Tokenizer and preprocessor files in a folder of their own, from which every checkpoint gets copies.</summary>
    private sealed class TemporaryCompanions : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sightline-train-");

        public TemporaryCompanions(ModelSetup setup)
        {
            Files = setup.SaveCompanions(_folder.FullName);
            setup.Checkpoint.Config.Save(_folder.FullName); // generation settings are read from there too
            Generation = GenerationConfig.Load(_folder.FullName).Options;
        }

        public IReadOnlyList<string> Files { get; }

        /// <summary>How a checkpoint of this run is captioned with where the caller says nothing.</summary>
        public GenerationOptions Generation { get; }

        public void Dispose() => _folder.Delete(recursive: true);
    }
}
