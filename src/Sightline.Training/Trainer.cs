using System.Diagnostics;
using System.Text.Json.Nodes;
using Sightline.IO;
using Sightline.ModelCards;
using Sightline.Training.Checkpointing;
using Sightline.Training.Distributed;
using Sightline.Training.Kernels;
using Sightline.Training.Modeling;
using Sightline.Training.Native;
using Sightline.Training.Results;
using static TorchSharp.torch;

namespace Sightline.Training;

/// <summary>
/// Trains a model as the Trainer of Transformers 4.17 does, number for number, and resumes to the bit. Everything is deterministic: the same arguments, data and
/// number of threads give the same weights on one machine.
/// </summary>
/// <remarks>
/// Several processes train together where they are given the ranks of an <see cref="ICollective"/>: each with its share of the data, the same arguments and its
/// own copy of the model. Rank 0 logs and saves; every rank calls the same methods.
/// </remarks>
public sealed class Trainer : IDisposable
{
    private readonly TrainableModel _model;
    private readonly TrainingArguments _arguments;
    private readonly ITrainingData _data;
    private readonly IEvaluationData? _evaluationData;
    private readonly IReadOnlyList<TrainerCallback> _callbacks;
    private readonly ICollective _collective;
    private readonly TrainingStep _step;
    private readonly RunCheckpoints _checkpoints;
    private readonly BestMetric _best;
    private readonly RunLog _log;
    private readonly double _flosPerPixel;
    private RunProgress _progress = new();
    private bool _stopping;

    /// <summary>Prepares a run. The model's parameters move into flat buffers; use the model through the trainer until both are disposed.</summary>
    /// <param name="model">The model; not disposed by this.</param>
    /// <param name="arguments">The settings; checked here.</param>
    /// <param name="data">The training examples.</param>
    /// <param name="evaluationData">The evaluation examples; null where nothing is evaluated.</param>
    /// <param name="callbacks">Followers of the run; those of rank 0 are called.</param>
    /// <param name="collective">The processes that train together; null: this one alone. Not disposed by this.</param>
    /// <exception cref="ConfigurationException">The arguments do not fit each other, the model or the data.</exception>
    public Trainer(
        TrainableModel model, TrainingArguments arguments, ITrainingData data, IEvaluationData? evaluationData = null, IReadOnlyList<TrainerCallback>? callbacks = null,
        ICollective? collective = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(data);
        arguments.Validate();
        if (arguments.EvaluationStrategy != IntervalStrategy.No && evaluationData is null)
            throw new ConfigurationException("evaluation_strategy asks for evaluations and there are no evaluation data; give them, or set it to no.");
        _ = (model.PadTokenId, model.DecoderStartTokenId);
        _collective = collective ?? new LocalCollective();
        Plan = new TrainingPlan(arguments, data.Count, _collective.WorldSize);
        _model = model;
        _arguments = arguments;
        _data = data;
        _evaluationData = evaluationData;
        _callbacks = _collective.Rank == 0 ? callbacks ?? [] : [];
        model.Module.Mode.ReferenceOrder = arguments.ReferenceOrder;
        _step = new TrainingStep(model, arguments, _collective);
        _checkpoints = new RunCheckpoints(model, arguments, _collective, _step, SaveModel);
        _best = new BestMetric(arguments);
        _log = new RunLog(arguments, _collective, _callbacks);
        var embeddings = new[] { "decoder.transformer.wte.weight", "decoder.transformer.wpe.weight" };
        _flosPerPixel = 6.0 * model.Module.named_parameters().Where(p => !embeddings.Contains(p.name)).Sum(p => p.parameter.numel());
        State = new TrainerState { MaxSteps = Plan.TotalSteps, NumTrainEpochs = Plan.Epochs };
    }

    /// <summary>The steps of the run.</summary>
    public TrainingPlan Plan { get; private set; }

    /// <summary>Where the run is, and its log.</summary>
    public TrainerState State { get; private set; }

    /// <summary>Both losses of every log and evaluation so far.</summary>
    public IReadOnlyList<LossRow> Losses => _progress.Losses;

    /// <summary>Buckets of gradients that ranks exchange; 0 for one rank.</summary>
    internal int Buckets => _step.Reducer?.BucketCount ?? 0;

    /// <summary>Those that travelled while backward ran, in the last update.</summary>
    internal int OverlappedBuckets => _step.Reducer?.Overlapped ?? 0;

    /// <summary>Files that belong into every checkpoint beside the weights: tokenizer and preprocessor files, copied under their names.</summary>
    public IReadOnlyList<string> CompanionFiles { get; init; } = [];

    /// <summary>
    /// Scores the model as it stands at each evaluation, e.g. captions against references (<c>predict_with_generate</c>): names without the prefix <c>eval_</c>,
    /// which the log and <c>metric_for_best_model</c> add. Null: losses only.
    /// </summary>
    public Func<TrainableModel, IReadOnlyList<(string Name, double Value)>>? Scorer { get; init; }

    /// <summary>Runs to the end, or until it is stopped.</summary>
    /// <param name="resumeFrom">A checkpoint of this trainer (resumed to the bit) or of HF's; null: from the beginning.</param>
    /// <param name="stop">Ends the run after the update in progress; a checkpoint is saved then.</param>
    /// <exception cref="TrainingException">The loss or a gradient is not a number; a checkpoint cannot be written or resumed from.</exception>
    /// <exception cref="CheckpointException">The checkpoint's weights do not fit the model.</exception>
    public TrainingResult Train(string? resumeFrom = null, CancellationToken stop = default)
    {
        using var threads = new TorchThreads(_arguments.Threads);
        if (resumeFrom is null)
            Begin();
        else
            Resume(resumeFrom);
        ShareWeights();
        foreach (var callback in _callbacks)
            callback.TrainBegin(_arguments, Plan, State);
        var clock = Stopwatch.StartNew();
        _model.Module.train();
        for (var epoch = _progress.Epoch; epoch < Plan.Epochs && !_stopping; epoch++)
            TrainEpoch(epoch, stop);
        _model.Module.eval();
        return Finish(clock.Elapsed.TotalSeconds, stop);
    }

    /// <summary>Computes the losses over the evaluation data and adds them to the log.</summary>
    /// <exception cref="TrainingException">There are no evaluation data.</exception>
    public EvaluationResult Evaluate()
    {
        using var threads = new TorchThreads(_arguments.Threads);
        var result = Evaluator.Run(_model, _evaluationData ?? throw new TrainingException("there are no evaluation data."), _arguments, Scorer, _collective);
        _progress.Losses.Add(new LossRow(State.GlobalStep, true, result.Losses));
        _log.Add(State, result.Metrics, result.Losses);
        return result;
    }

    /// <summary>Writes weights, config.json, <c>training_args.bin</c> and <see cref="CompanionFiles"/>.</summary>
    /// <param name="folder">Made where it does not exist.</param>
    public void SaveModel(string folder)
    {
        if (_collective.Rank > 0)
            return;
        Directory.CreateDirectory(folder);
        WeightFiles.Save(folder, _model, _arguments.SaveSafetensors);
        TrainingArgumentsFile.Save(folder, _arguments, _model.Device.type == TorchSharp.DeviceType.CUDA, Hyperparameters.IsLaunched(_collective) ? _collective.LocalRank : -1);
        foreach (var file in CompanionFiles)
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
    }

    /// <summary>Writes into the output folder what 4.17's scripts write when training ends: the model, <c>train_results.json</c> and <c>trainer_state.json</c>.</summary>
    public void SaveResults(TrainingResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (_collective.Rank > 0)
            return;
        SaveModel(_arguments.OutputDir);
        ResultFiles.Save(_arguments.OutputDir, "train", result.Metrics);
        State.Save(_arguments.OutputDir);
    }

    /// <summary>Writes <c>eval_results.json</c>, and adds its values to <c>all_results.json</c>.</summary>
    public void SaveResults(EvaluationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (_collective.Rank == 0)
            ResultFiles.Save(_arguments.OutputDir, "eval", result.Metrics);
    }

    /// <summary>Writes the README.md as 4.17 does, from the log so far.</summary>
    /// <param name="card">What it says of the model; settings and versions are filled in where it leaves them out.</param>
    public void SaveCard(TrainerCardOptions card)
    {
        ArgumentNullException.ThrowIfNull(card);
        if (_collective.Rank > 0)
            return;
        card = card with
        {
            Hyperparameters = card.Hyperparameters.Count > 0 ? card.Hyperparameters : Hyperparameters.List(_arguments, _collective),
            FrameworkVersions = card.FrameworkVersions.Count > 0 ? card.FrameworkVersions : FrameworkVersions.List,
        };
        AtomicFile.WriteAllText(Path.Combine(_arguments.OutputDir, "README.md"), TrainerCard.Create(card, [.. State.LogHistory]));
    }

    /// <inheritdoc/>
    public void Dispose() => _step.Dispose();

    private void Begin()
    {
        _checkpoints.CheckFolder();
        random.manual_seed(_arguments.Seed);
    }

    private void Resume(string folder)
    {
        (State, var progress) = _checkpoints.Load(folder);
        _progress = progress ?? new RunProgress
        {
            Epoch = State.GlobalStep / Plan.StepsPerEpoch,
            NextBatch = State.GlobalStep % Plan.StepsPerEpoch * _arguments.GradientAccumulationSteps,
            LastLoggedStep = State.GlobalStep,
        };
        AdaptPlan(RandomStateFile.CountRanks(folder) != _collective.WorldSize);
        _stopping = State.GlobalStep >= Plan.TotalSteps;
    }

    // A run that goes on with another number of ranks has done as much of its epochs, in other steps.
    private void AdaptPlan(bool worldChanged)
    {
        if (_arguments.MaxSteps > 0)
            Plan = Plan.From(_progress.Epoch, State.GlobalStep);
        else if (worldChanged)
            _progress.StepOffset = State.GlobalStep - (((long)_progress.Epoch * Plan.StepsPerEpoch) + (_progress.NextBatch / _arguments.GradientAccumulationSteps));
        Plan = Plan.Late(_progress.StepOffset);
        (State.MaxSteps, State.NumTrainEpochs) = (Plan.TotalSteps, Plan.Epochs);
    }

    private void ShareWeights()
    {
        if (_collective.WorldSize == 1)
            return;
        _collective.Broadcast(TensorBuffer.Of(_step.Arena.Values));
        using var noGradient = no_grad();
        _step.Arena.Compute?.copy_(_step.Arena.Values);
    }

    private void TrainEpoch(int epoch, CancellationToken stop)
    {
        var accumulation = _arguments.GradientAccumulationSteps;
        var carries = _arguments.AccumulationLeftover == AccumulationLeftover.Carry;
        var takesLast = !carries || Plan.MicroBatchesPerEpoch <= accumulation;
        var (window, images, clock) = (default(LossSums), 0, Stopwatch.StartNew());
        var index = epoch == _progress.Epoch ? _progress.NextBatch : 0;
        foreach (var batch in _data.ReadEpoch(epoch, _arguments.PerDeviceTrainBatchSize, index))
        {
            var isLast = (index + 1) % accumulation == 0 || (takesLast && index + 1 == Plan.MicroBatchesPerEpoch);
            window += TrainBatch(batch, epoch, index++, isLast);
            images += batch.ImageCount * _collective.WorldSize;
            if (!isLast)
                continue;
            var (rate, norm) = Update(carries ? accumulation : _step.PendingBatches, batch);
            var stops = _collective.WorldSize > 1 && _collective.Gather(stop.IsCancellationRequested).Contains(true); // all ranks stop after the same step
            State.GlobalStep++;
            State.Epoch = epoch + ((double)index / Plan.MicroBatchesPerEpoch);
            (_progress.Epoch, _progress.NextBatch) = (epoch, index);
            var info = new StepInfo(State.GlobalStep, Plan.TotalSteps, State.Epoch, rate, norm, window.Means, images, clock.Elapsed.TotalSeconds);
            foreach (var callback in _callbacks)
                callback.StepEnd(info);
            _stopping |= State.GlobalStep >= Plan.TotalSteps;
            AfterStep();
            if ((stops || (_collective.WorldSize == 1 && stop.IsCancellationRequested)) && !_stopping)
            {
                if (_checkpoints.LastStep != State.GlobalStep)
                    Save();
                _stopping = true;
                return;
            }

            if (_stopping)
                break;
            (window, images) = (default, 0);
            clock.Restart();
        }

        (_progress.Epoch, _progress.NextBatch) = (epoch + 1, 0);
        LogEvaluateSave(
            _arguments.LoggingStrategy == IntervalStrategy.Epoch,
            _arguments.EvaluationStrategy == IntervalStrategy.Epoch,
            _arguments.SaveStrategy == IntervalStrategy.Epoch);
    }

    private LossSums TrainBatch(CaptionBatch batch, int epoch, int index, bool isLast)
    {
        var result = _step.Accumulate(batch, isLast);
        if (!double.IsFinite(result.Loss))
            throw NotANumber($"the loss is {result.Loss}{(result.Sums.Tokens == 0 ? " since every label is padding" : "")}", batch);
        if (_arguments.AccumulationNormalization == AccumulationNormalization.MicroBatchMeans)
            _progress.WindowLoss += (float)result.Loss;
        _progress.Window += result.Sums;
        State.TotalFlos += _flosPerPixel * batch.PixelValues.Length * _collective.WorldSize; // every rank reads as many pictures
        var info = new MicroBatchInfo(epoch, index, result.Loss, result.Sums.Means);
        foreach (var callback in _callbacks)
            callback.MicroBatchEnd(info);
        return result.Sums;
    }

    private (double Rate, double GradientNorm) Update(int batches, CaptionBatch batch)
    {
        // The optimizer's own count: an update that fp16 skipped does not move the schedule, as in 4.17.
        var rate = Plan.Schedule.At(_step.Optimizer.StepCount);
        var result = _step.Apply(rate, batches);
        if (!result.Taken && _step.Scaler is null)
            throw NotANumber($"the norm of the gradients is {result.GradientNorm}", batch);
        if (_arguments.AccumulationNormalization == AccumulationNormalization.Tokens)
            _progress.WindowLoss += (float)result.Loss;
        return (rate, result.GradientNorm);
    }

    private void AfterStep()
    {
        var step = State.GlobalStep;
        LogEvaluateSave(
            (_arguments.LoggingFirstStep && step == 1) || (_arguments.LoggingStrategy == IntervalStrategy.Steps && step % _arguments.LoggingSteps == 0),
            _arguments.EvaluationStrategy == IntervalStrategy.Steps && step % _arguments.EvaluationInterval == 0,
            _arguments.SaveStrategy == IntervalStrategy.Steps && step % _arguments.SaveSteps == 0);
    }

    private void LogEvaluateSave(bool log, bool evaluate, bool save)
    {
        if (log && State.GlobalStep > _progress.LastLoggedStep)
            _log.AddTraining(State, _progress, Plan.Schedule.At(_step.Optimizer.StepCount));
        var evaluation = evaluate ? Evaluate() : null;
        if (evaluation is not null)
            _stopping |= _best.EndsRun(evaluation, State, _progress);
        if (evaluation is not null && save)
            _best.Note(evaluation, CheckpointFolders.PathOf(_arguments.OutputDir, State.GlobalStep), State);
        if (save)
            Save();
    }

    private void Save()
    {
        _checkpoints.Save(State, _progress, Plan.Schedule);
        foreach (var callback in _callbacks)
            callback.Saved(CheckpointFolders.PathOf(_arguments.OutputDir, State.GlobalStep));
    }

    private TrainingResult Finish(double seconds, CancellationToken stop)
    {
        _progress.TotalLoss += _progress.WindowLoss;
        var metrics = new JsonObject();
        Evaluator.AddSpeeds(metrics, "train", seconds, Plan.ExamplesSeen, Plan.TotalSteps);
        metrics["total_flos"] = State.TotalFlos;
        metrics["train_loss"] = State.GlobalStep == 0 ? 0.0 : _progress.TotalLoss / State.GlobalStep;
        var stopped = State.GlobalStep < Plan.TotalSteps;
        if (!(stopped && stop.IsCancellationRequested))
        {
            _progress.WindowLoss = 0;
            if (_arguments.LoadBestModelAtEnd && State.BestModelCheckpoint is { } best)
                WeightFiles.Load(best, _model);
            _log.Add(State, metrics, null);
        }

        metrics.Remove("total_flos"); // HF's progress callback takes it out before train_results.json is written
        var result = new TrainingResult(State, metrics, stopped, CheckpointFolders.FindLast(_arguments.OutputDir));
        foreach (var callback in _callbacks)
            callback.TrainEnd(result);
        return result;
    }

    private TrainingException NotANumber(string what, CaptionBatch batch)
    {
        var ids = batch.Ids.Count == 0 ? "" : $" (captions {string.Join(", ", batch.Ids.Take(8))}{(batch.Ids.Count > 8 ? ", …" : "")})";
        return new TrainingException(
            $"step {State.GlobalStep + 1}, epoch {State.Epoch:0.00}: {what}{ids}. {_checkpoints.LastGood} A lower learning_rate or a max_grad_norm may help.");
    }
}
