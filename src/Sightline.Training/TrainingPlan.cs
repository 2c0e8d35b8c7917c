using Sightline.Training.Optimization;

namespace Sightline.Training;

/// <summary>The steps of a run, known before it starts (Transformers 4.17, <c>Trainer.train</c>).</summary>
public sealed record TrainingPlan
{
    /// <summary>Plans a run.</summary>
    /// <param name="arguments">The settings.</param>
    /// <param name="exampleCount">Training examples of all ranks together, at least 1.</param>
    /// <param name="worldSize">Number of ranks; each takes an equal share, for which a few examples may be drawn twice.</param>
    /// <exception cref="ConfigurationException">There are no examples.</exception>
    public TrainingPlan(TrainingArguments arguments, int exampleCount, int worldSize = 1)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentOutOfRangeException.ThrowIfLessThan(worldSize, 1);
        if (exampleCount < 1)
            throw new ConfigurationException("the training data have no examples; nothing can be learned. Check the annotation file and its filters.");
        var accumulation = arguments.GradientAccumulationSteps;
        ExampleCount = exampleCount;
        WorldSize = worldSize;
        MicroBatchesPerEpoch = (((exampleCount + worldSize - 1) / worldSize) + arguments.PerDeviceTrainBatchSize - 1) / arguments.PerDeviceTrainBatchSize;
        StepsPerEpoch = arguments.AccumulationLeftover == AccumulationLeftover.Carry
            ? Math.Max(1, MicroBatchesPerEpoch / accumulation)
            : (MicroBatchesPerEpoch + accumulation - 1) / accumulation;
        if (arguments.MaxSteps > 0)
        {
            TotalSteps = arguments.MaxSteps;
            Epochs = (arguments.MaxSteps + StepsPerEpoch - 1) / StepsPerEpoch;
            ExamplesSeen = (long)arguments.MaxSteps * arguments.PerDeviceTrainBatchSize * accumulation * worldSize;
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

    /// <summary>Number of ranks.</summary>
    public int WorldSize { get; }

    /// <summary>Micro-batches of one rank in an epoch.</summary>
    public int MicroBatchesPerEpoch { get; }

    /// <summary>Updates in an epoch: 14,645 for the model card's 117,155 captions in batches of 8.</summary>
    public int StepsPerEpoch { get; }

    /// <summary>Updates in all.</summary>
    public int TotalSteps { get; private init; }

    /// <summary>Epochs begun.</summary>
    public int Epochs { get; private init; }

    /// <summary>Examples in all, as HF counts them for its speeds.</summary>
    public long ExamplesSeen { get; }

    /// <summary>The learning rates.</summary>
    public LearningRateSchedule Schedule { get; private init; }

    /// <summary>The plan of a run that was begun with another number of ranks: the rest of its epochs in this one's steps, the rate going on where it was.</summary>
    /// <param name="offset">Updates taken less those that this plan takes for the same part of the epochs.</param>
    internal TrainingPlan Late(long offset) => offset == 0 ? this : this with
    {
        TotalSteps = checked((int)(TotalSteps + offset)),
        Schedule = Schedule with { Offset = offset },
    };

    /// <summary>The same with as many epochs as <c>max_steps</c> takes from here on.</summary>
    internal TrainingPlan From(int epoch, int step) => this with { Epochs = Math.Max(Epochs, epoch + 1 + ((TotalSteps - step + StepsPerEpoch - 1) / StepsPerEpoch)) };
}
