namespace Sightline.Training;

/// <summary>What happens to the micro-batches that are left at the end of an epoch when their number is not a multiple of the accumulation steps.</summary>
public enum AccumulationLeftover
{
    /// <summary>They make an update of their own, as the smaller last batch of an epoch does.</summary>
    Step,

    /// <summary>
    /// Their gradients stay and join the first update of the next epoch; those of the last epoch are lost. Transformers 4.17 does this. An epoch with no more
    /// micro-batches than accumulation steps makes one update.
    /// </summary>
    Carry,
}
