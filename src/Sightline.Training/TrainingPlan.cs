using Sightline.Training.Optimization;

namespace Sightline.Training;

/// <summary>The steps of a run, known before it starts (Transformers 4.17, <c>Trainer.train</c>).</summary>
public sealed record TrainingPlan
{
    /// <summary>Plans a run.</summary>
    /// <param name="arguments">The settings.</param>
    /// <param name="exampleCount">Training examples, at least 1.</param>
    /// <exception cref="ConfigurationException">There are no examples.</exception>
    public TrainingPlan(TrainingArguments arguments, int exampleCount)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        if (exampleCount < 1)
            throw new ConfigurationException("the training data have no examples; nothing can be learned. Check the annotation file and its filters.");
        var accumulation = arguments.GradientAccumulationSteps;
        ExampleCount = exampleCount;
        MicroBatchesPerEpoch = (exampleCount + arguments.PerDeviceTrainBatchSize - 1) / arguments.PerDeviceTrainBatchSize;
        StepsPerEpoch = arguments.AccumulationLeftover == AccumulationLeftover.Carry
            ? Math.Max(1, MicroBatchesPerEpoch / accumulation)
            : (MicroBatchesPerEpoch + accumulation - 1) / accumulation;
        if (arguments.MaxSteps > 0)
        {
            TotalSteps = arguments.MaxSteps;
            Epochs = (arguments.MaxSteps + StepsPerEpoch - 1) / StepsPerEpoch;
            ExamplesSeen = (long)arguments.MaxSteps * arguments.PerDeviceTrainBatchSize * accumulation;
        }
        else
        {
            TotalSteps = checked((int)Math.Ceiling(arguments.NumTrainEpochs * StepsPerEpoch));
            Epochs = (int)Math.Ceiling(arguments.NumTrainEpochs);
            ExamplesSeen = (long)(exampleCount * arguments.NumTrainEpochs);
        }

        var warmup = arguments.WarmupSteps > 0 ? arguments.WarmupSteps : (int)Math.Ceiling(TotalSteps * arguments.WarmupRatio);
        Schedule = new LearningRateSchedule(arguments.LrSchedulerType, arguments.LearningRate, warmup, TotalSteps);
    }

    /// <summary>Training examples.</summary>
    public int ExampleCount { get; }

    /// <summary>Micro-batches in an epoch.</summary>
    public int MicroBatchesPerEpoch { get; }

    /// <summary>Updates in an epoch: 14,645 for the model card's 117,155 captions in batches of 8.</summary>
    public int StepsPerEpoch { get; }

    /// <summary>Updates in all.</summary>
    public int TotalSteps { get; }

    /// <summary>Epochs begun.</summary>
    public int Epochs { get; }

    /// <summary>Examples in all, as HF counts them for its speeds.</summary>
    public long ExamplesSeen { get; }

    /// <summary>The learning rates.</summary>
    public LearningRateSchedule Schedule { get; }
}
