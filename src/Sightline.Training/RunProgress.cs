namespace Sightline.Training;

/// <summary>What a run remembers beside weights, optimizer and <see cref="TrainerState"/>, so that a resumed run logs and stops as if it had never been stopped.</summary>
internal sealed class RunProgress
{
    /// <summary>The epoch to go on with, 0-based.</summary>
    public int Epoch { get; set; }

    /// <summary>Its next micro-batch, 0-based; the number of micro-batches where only the end of the epoch is left.</summary>
    public int NextBatch { get; set; }

    /// <summary>Examples of all ranks together in one of them.</summary>
    public int ExamplesPerBatch { get; set; } = 1;

    /// <summary>See <see cref="TrainingPlan.Late"/>.</summary>
    public long StepOffset { get; set; }

    /// <summary>Losses since the last log, added in fp32 as 4.17 does (<c>tr_loss</c>).</summary>
    public float WindowLoss { get; set; }

    /// <summary>Losses before the last log (<c>_total_loss_scalar</c>).</summary>
    public double TotalLoss { get; set; }

    /// <summary>The step of the last log.</summary>
    public int LastLoggedStep { get; set; }

    /// <summary>Both losses since the last log.</summary>
    public LossSums Window { get; set; }

    /// <summary>Evaluations in a row without a better metric.</summary>
    public int EvaluationsWithoutGain { get; set; }

    /// <summary>Both losses of every log and evaluation.</summary>
    public List<LossRow> Losses { get; } = [];
}
