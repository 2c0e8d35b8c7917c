using System.Text.Json.Nodes;

namespace Sightline.Training;

/// <summary>The losses over the evaluation data, and scores.</summary>
/// <param name="Loss">
/// HF's <c>eval_loss</c>: the mean over examples of the mean of their batch. A batch with few tokens weighs as much as one with many.
/// </param>
/// <param name="Losses">Both losses as means over all positions and over all tokens.</param>
/// <param name="Metrics"><c>eval_loss</c>, what the trainer's scorer gives, <c>eval_runtime</c>, <c>eval_samples_per_second</c>, <c>eval_steps_per_second</c>, <c>epoch</c>.</param>
public sealed record EvaluationResult(double Loss, LossPair Losses, JsonObject Metrics);
