namespace Sightline.Training;

/// <summary>What one micro-batch gave.</summary>
/// <param name="Epoch">Of the batch, 0-based.</param>
/// <param name="Index">Of the batch in its epoch, 0-based.</param>
/// <param name="Loss">
/// The trained loss: the mean over the batch's labels, with label smoothing where it is on; divided by the accumulation steps where micro-batch means are averaged, as
/// 4.17's <c>training_step</c> returns it.
/// </param>
/// <param name="Losses">Both losses of the batch.</param>
public readonly record struct MicroBatchInfo(int Epoch, int Index, double Loss, LossPair Losses);
