namespace Sightline.Training;

/// <summary>What one micro-batch gave.</summary>
/// <param name="Loss">The trained loss of the micro-batch as 4.17's <c>training_step</c> returns it where it weighs means; its own mean otherwise.</param>
/// <param name="Sums">Sums and counts of both losses.</param>
internal readonly record struct MicroBatchResult(double Loss, LossSums Sums);
