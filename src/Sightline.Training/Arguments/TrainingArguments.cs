using System.Text.Json.Nodes;
using Sightline.Training.Distributed;
using Sightline.Training.Optimization;

namespace Sightline.Training;

/// <summary>
/// The settings of a run, with the names, defaults and meaning of Transformers 4.17's <c>TrainingArguments</c> (in files and on the command line in snake case,
/// e.g. <c>learning_rate</c>); those that 4.17 lacks say so. <see cref="Presets"/> has the model card's.
/// </summary>
public sealed record TrainingArguments
{
    /// <summary>Where checkpoints and results go.</summary>
    public string OutputDir { get; init; } = "out";

    /// <summary>Start although <see cref="OutputDir"/> holds checkpoints already.</summary>
    public bool OverwriteOutputDir { get; init; }

    /// <summary>When to evaluate. Default: no.</summary>
    public IntervalStrategy EvaluationStrategy { get; init; } = IntervalStrategy.No;

    /// <summary>Examples in a micro-batch, at least 1.</summary>
    public int PerDeviceTrainBatchSize { get; init; } = 8;

    /// <summary>Examples in a batch of evaluation, at least 1.</summary>
    public int PerDeviceEvalBatchSize { get; init; } = 8;

    /// <summary>Micro-batches to an update, at least 1.</summary>
    public int GradientAccumulationSteps { get; init; } = 1;

    /// <summary>How micro-batches are weighed. Not in 4.17, which has only <see cref="AccumulationNormalization.MicroBatchMeans"/>.</summary>
    public AccumulationNormalization AccumulationNormalization { get; init; } = AccumulationNormalization.Tokens;

    /// <summary>What happens to micro-batches left over at an epoch's end. Not in 4.17, which has only <see cref="AccumulationLeftover.Carry"/>.</summary>
    public AccumulationLeftover AccumulationLeftover { get; init; } = AccumulationLeftover.Step;

    /// <summary>The rate after the warm-up, above 0.</summary>
    public double LearningRate { get; init; } = 5e-5;

    /// <summary>Decay of weights that are neither biases nor of layer norms, 0 or more.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Adam's β₁, 0 to below 1.</summary>
    public double AdamBeta1 { get; init; } = 0.9;

    /// <summary>Adam's β₂, 0 to below 1.</summary>
    public double AdamBeta2 { get; init; } = 0.999;

    /// <summary>Adam's ε, above 0.</summary>
    public double AdamEpsilon { get; init; } = 1e-8;

    /// <summary>Gradients are scaled down to this L2 norm; 0 switches it off.</summary>
    public double MaxGradNorm { get; init; } = 1.0;

    /// <summary>Passes over the data; a fraction ends within an epoch.</summary>
    public double NumTrainEpochs { get; init; } = 3.0;

    /// <summary>Updates in all; above 0 it wins over <see cref="NumTrainEpochs"/>.</summary>
    public int MaxSteps { get; init; } = -1;

    /// <summary>Shape of the learning rate over the run.</summary>
    public SchedulerKind LrSchedulerType { get; init; } = SchedulerKind.Linear;

    /// <summary>Share of all updates that warm up, 0 to 1.</summary>
    public double WarmupRatio { get; init; }

    /// <summary>Updates that warm up; above 0 it wins over <see cref="WarmupRatio"/>.</summary>
    public int WarmupSteps { get; init; }

    /// <summary>When to log. Default: steps.</summary>
    public IntervalStrategy LoggingStrategy { get; init; } = IntervalStrategy.Steps;

    /// <summary>Log the first update too.</summary>
    public bool LoggingFirstStep { get; init; }

    /// <summary>Updates between logs, at least 1.</summary>
    public int LoggingSteps { get; init; } = 500;

    /// <summary>Folder of TensorBoard files; null: <c>OUTPUT_DIR/runs/…</c>.</summary>
    public string? LoggingDir { get; init; }

    /// <summary>When to save a checkpoint. Default: steps.</summary>
    public IntervalStrategy SaveStrategy { get; init; } = IntervalStrategy.Steps;

    /// <summary>Updates between checkpoints, at least 1.</summary>
    public int SaveSteps { get; init; } = 500;

    /// <summary>Checkpoints kept, the best one among them; null: all.</summary>
    public int? SaveTotalLimit { get; init; }

    /// <summary>Write <c>model.safetensors</c> instead of <c>pytorch_model.bin</c> (an argument of later versions).</summary>
    public bool SaveSafetensors { get; init; }

    /// <summary>Seed of the run: order of the examples and dropout.</summary>
    public long Seed { get; init; } = 42;

    /// <summary>Compute in bf16 with fp32 master weights.</summary>
    public bool Bf16 { get; init; }

    /// <summary>Compute in fp16 with fp32 master weights and dynamic loss scaling; CUDA only.</summary>
    public bool Fp16 { get; init; }

    /// <summary>Updates between evaluations; null: <see cref="LoggingSteps"/>.</summary>
    public int? EvalSteps { get; init; }

    /// <summary>Name of the run, e.g. for TensorBoard; null: <see cref="OutputDir"/>.</summary>
    public string? RunName { get; init; }

    /// <summary>End with the weights of the best checkpoint instead of the last.</summary>
    public bool LoadBestModelAtEnd { get; init; }

    /// <summary>The metric that tells the best, with or without <c>eval_</c>; null: the loss where <see cref="LoadBestModelAtEnd"/> is set.</summary>
    public string? MetricForBestModel { get; init; }

    /// <summary>Whether more of it is better; null: unless the metric is the loss.</summary>
    public bool? GreaterIsBetter { get; init; }

    /// <summary>Evaluations in a row without a better metric that end the run (HF's <c>EarlyStoppingCallback</c>); null: never.</summary>
    public int? EarlyStoppingPatience { get; init; }

    /// <summary>By how much a metric must be better to count for early stopping.</summary>
    public double EarlyStoppingThreshold { get; init; }

    /// <summary>Share of the target's weight that is spread over the vocabulary, 0 to 1.</summary>
    public double LabelSmoothingFactor { get; init; }

    /// <summary>The optimizer's formula.</summary>
    public OptimizerKind Optim { get; init; } = OptimizerKind.AdamWHf;

    /// <summary>Compute activations again in the backward pass instead of keeping them: less memory, a third more time.</summary>
    public bool GradientCheckpointing { get; init; }

    /// <summary>
    /// Compute attention and <c>gelu_new</c> step by step in 4.17's order of operations: slower, the same but for rounding. For comparing runs. Not in 4.17.
    /// </summary>
    public bool ReferenceOrder { get; init; }

    /// <summary>
    /// Caption the evaluation pictures at each evaluation and score the captions, for whoever gives the trainer a scorer (4.17's
    /// <c>Seq2SeqTrainingArguments</c>, as the next two).
    /// </summary>
    public bool PredictWithGenerate { get; init; }

    /// <summary>The longest of these captions in tokens, the start token included; null: as the model's own settings say.</summary>
    public int? GenerationMaxLength { get; init; }

    /// <summary>Beams of the search for them, 1 for greedy; null: as the model's own settings say.</summary>
    public int? GenerationNumBeams { get; init; }

    /// <summary>Megabytes of gradients that ranks exchange at a time, at least 1; null: 25.</summary>
    public int? DdpBucketCapMb { get; init; }

    /// <summary>Seconds that a rank waits for the others before it ends with exit code 75; 0: for ever (an argument of later versions).</summary>
    public int DdpTimeout { get; init; } = 1800;

    /// <summary>How gradients travel between ranks. Not in 4.17.</summary>
    public GradientCompression GradientCompression { get; init; }

    /// <summary>Which label positions the loss counts. Not in 4.17.</summary>
    public LossKind Loss { get; init; } = LossKind.Masked;

    /// <summary>Longest label row, for whoever makes the batches. Not in 4.17.</summary>
    public int LabelMaxLength { get; init; } = 50;

    /// <summary>Encode each picture of a batch once for all its captions, for whoever makes the batches. Not in 4.17.</summary>
    public bool GroupCaptions { get; init; }

    /// <summary>Patterns of parameter names that are not trained; <c>*</c> stands for any characters, e.g. <c>encoder.*</c>. Not in 4.17.</summary>
    public IReadOnlyList<string> Freeze { get; init; } = [];

    /// <summary>Threads of libtorch while the run computes; 0: as many as the process has. The bits of the weights depend on the number. Not in 4.17.</summary>
    public int Threads { get; init; }

    /// <summary>Whether a metric is to be followed for the best checkpoint.</summary>
    internal string? BestMetric => MetricForBestModel ?? (LoadBestModelAtEnd || EarlyStoppingPatience is not null ? "loss" : null);

    /// <summary>Whether more of <see cref="BestMetric"/> is better.</summary>
    internal bool MoreIsBetter => GreaterIsBetter ?? BestMetric is not (null or "loss" or "eval_loss");

    /// <summary>Updates between evaluations.</summary>
    internal int EvaluationInterval => EvalSteps ?? LoggingSteps;

    /// <summary>Every argument's name, as in files and on the command line.</summary>
    public static IReadOnlyList<string> Names => ArgumentTable.Names;

    /// <summary>Reads arguments; what the object does not name keeps the value of <paramref name="basis"/>.</summary>
    /// <param name="json">Names and values.</param>
    /// <param name="source">Names the file in errors.</param>
    /// <param name="basis">Null: the defaults.</param>
    /// <exception cref="ConfigurationException">Unknown names, or values that do not fit: all faults in one line.</exception>
    public static TrainingArguments FromJson(JsonObject json, string source, TrainingArguments? basis = null) => ArgumentTable.Read(json, source, basis ?? new());

    /// <summary>A copy with one argument given as text, as on a command line: <c>2e-5</c>, <c>true</c>, <c>linear</c>, <c>null</c>, <c>a,b</c>.</summary>
    /// <exception cref="ConfigurationException">There is no such argument, or the text does not fit.</exception>
    public TrainingArguments With(string name, string value) => ArgumentTable.With(this, name, value);

    /// <summary>All arguments, as <see cref="FromJson"/> reads them.</summary>
    public JsonObject ToJson() => ArgumentTable.Write(this);

    /// <summary>Checks the values and how they go together.</summary>
    /// <exception cref="ConfigurationException">All faults in one line.</exception>
    public void Validate() => ArgumentChecks.Check(this);
}
