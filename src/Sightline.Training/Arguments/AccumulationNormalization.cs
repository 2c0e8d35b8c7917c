namespace Sightline.Training;

/// <summary>How the micro-batches of one update are weighed against each other.</summary>
public enum AccumulationNormalization
{
    /// <summary>Every counted label weighs the same: the update equals that of one large batch.</summary>
    Tokens,

    /// <summary>
    /// Every micro-batch weighs the same, however few labels it has: each one's mean is divided by the number of accumulation steps. Transformers 4.17 does this.
    /// </summary>
    MicroBatchMeans,
}
