namespace Sightline.Training;

/// <summary>Both losses over one stretch of a run; <c>trainer_state.json</c> has only the trained one.</summary>
/// <param name="Step">The update at which it was logged.</param>
/// <param name="IsEvaluation">Over the evaluation data; otherwise over the training since the last log.</param>
/// <param name="Losses">Both losses.</param>
public readonly record struct LossRow(int Step, bool IsEvaluation, LossPair Losses);
