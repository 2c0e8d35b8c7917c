using Sightline.Training.Distributed;
using Sightline.Training.Modeling;
using Sightline.Training.Optimization;
using static TorchSharp.torch;

namespace Sightline.Training;

/// <summary>
/// One update: gradients of micro-batches are added up in the arena, over all ranks, then scaled, clipped and applied. Holds what lies between two updates, so
/// that a checkpoint can save it.
/// </summary>
internal sealed class TrainingStep : IDisposable
{
    private readonly TrainableModel _model;
    private readonly TrainingArguments _arguments;
    private readonly ICollective _collective;

    public TrainingStep(TrainableModel model, TrainingArguments arguments, ICollective? collective = null)
    {
        _model = model;
        _arguments = arguments;
        _collective = collective ?? new LocalCollective();
        if (arguments.Fp16 && model.Device.type != TorchSharp.DeviceType.CUDA)
            throw new ConfigurationException("fp16 needs a CUDA device: the CPU computes it slowly and inexactly. Use bf16 on the CPU.");
        var type = arguments.Fp16 ? ScalarType.Float16 : arguments.Bf16 ? ScalarType.BFloat16 : ScalarType.Float32;
        Arena = new ParameterArena(model, ParameterGroups.Create(model.Module, arguments.Freeze), type);
        Optimizer = new AdamOptimizer(Arena, new AdamOptions(arguments.Optim, arguments.AdamBeta1, arguments.AdamBeta2, arguments.AdamEpsilon, arguments.WeightDecay));
        Scaler = arguments.Fp16 ? new LossScaler() : null;
        if (_collective.WorldSize > 1)
            Reducer = new BucketedReducer(_collective, Arena, arguments.DdpBucketCapMb ?? BucketedReducer.DefaultMegabytes, arguments.GradientCompression);
    }

    public ParameterArena Arena { get; }

    public AdamOptimizer Optimizer { get; }

    /// <summary>Loss scaling of fp16; null otherwise.</summary>
    public LossScaler? Scaler { get; }

    /// <summary>Adds gradients up over ranks; null for one rank.</summary>
    public BucketedReducer? Reducer { get; }

    /// <summary>Micro-batches whose gradients lie in the arena.</summary>
    public int PendingBatches { get; set; }

    /// <summary>Labels that their loss counts, where labels weigh the same.</summary>
    public long PendingCount { get; set; }

    /// <summary>Labels of the first of them: gradients are kept per that many, so that their size is that of a mean.</summary>
    public long PendingUnit { get; set; }

    /// <summary>Sum of their losses, where labels weigh the same.</summary>
    public double PendingLoss { get; set; }

    /// <summary>Computes the gradients of a micro-batch and adds them to the arena. A loss that is not finite is returned, without gradients.</summary>
    /// <param name="batch">The micro-batch.</param>
    /// <param name="isLast">Whether <see cref="Apply"/> comes next, so that ranks exchange gradients.</param>
    public MicroBatchResult Accumulate(CaptionBatch batch, bool isLast = true)
    {
        using var scope = NewDisposeScope();
        var exchanges = isLast && Reducer is not null;
        SegmentChain? chain = _arguments.GradientCheckpointing ? new RecomputedChain() : exchanges ? new RetainedChain() : null;
        var sums = _model.Loss(batch, _arguments.LabelSmoothingFactor, chain);
        var count = sums.Count(_arguments.Loss);
        var means = _arguments.AccumulationNormalization == AccumulationNormalization.MicroBatchMeans;
        if (PendingBatches == 0)
            PendingUnit = _collective.Gather(Math.Max(1, count))[0]; // rank 0's, so that the ranks' gradients can be added up
        var divisor = means ? (double)count * _arguments.GradientAccumulationSteps : PendingUnit;
        var loss = sums.Sum(_arguments.Loss) / divisor;
        var value = loss.item<float>();
        var result = new MicroBatchResult(means ? value : sums.Sum(_arguments.Loss).item<float>() / (double)count,
            new LossSums(sums.PadSum.item<float>(), sums.Positions, sums.MaskedSum.item<float>(), sums.Tokens));
        if (!float.IsFinite(value))
            return result;
        var scaled = Scaler is null ? loss : loss * Scaler.Scale;
        if (exchanges)
        {
            Reducer!.Begin();
            chain!.SegmentDone = Reducer.Ready;
        }

        if (chain is null)
            scaled.backward();
        else
            chain.Backward(scaled);
        PendingBatches++;
        PendingCount += count;
        PendingLoss += result.Loss * count;
        return result;
    }

    /// <summary>Applies the gradients that have been added up.</summary>
    /// <param name="learningRate">The rate of this update.</param>
    /// <param name="batches">What the sum of micro-batch means is divided by; as a rule the accumulation steps.</param>
    public UpdateResult Apply(double learningRate, int batches)
    {
        Reducer?.Finish();
        var (count, sum) = (0L, 0.0);
        foreach (var (ranksCount, ranksLoss) in _collective.Gather((PendingCount, PendingLoss)))
            (count, sum) = (count + ranksCount, sum + ranksLoss);
        var scale = _arguments.AccumulationNormalization == AccumulationNormalization.Tokens
            ? (double)PendingUnit / count
            : (double)_arguments.GradientAccumulationSteps / batches / _collective.WorldSize;
        scale /= Scaler?.Scale ?? 1;
        var loss = sum / count;
        var norm = Optimizer.GradientNorm(scale);
        (PendingBatches, PendingCount, PendingLoss) = (0, 0, 0);
        if (!double.IsFinite(norm))
        {
            Scaler?.Overflowed();
            Arena.ZeroGradients();
            return new UpdateResult(loss, norm, false);
        }

        Scaler?.Succeeded();
        if (_arguments.MaxGradNorm > 0)
            scale *= Math.Min(1, _arguments.MaxGradNorm / (norm + 1e-6));
        Optimizer.Step(learningRate, scale);
        return new UpdateResult(loss, norm, true);
    }

    public void Dispose()
    {
        Optimizer.Dispose();
        Arena.Dispose();
    }
}
