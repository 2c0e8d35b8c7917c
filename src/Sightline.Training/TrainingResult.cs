using System.Text.Json.Nodes;

namespace Sightline.Training;

/// <summary>How a run ended.</summary>
/// <param name="State">The state after it.</param>
/// <param name="Metrics">The last row's values, as <c>train_results.json</c> has them: <c>train_loss</c>, <c>train_runtime</c>, speeds, <c>epoch</c>.</param>
/// <param name="StoppedEarly">It was stopped from outside, by early stopping, or by a signal, before its last update.</param>
/// <param name="LastCheckpoint">The newest complete checkpoint; null where none was saved.</param>
public sealed record TrainingResult(TrainerState State, JsonObject Metrics, bool StoppedEarly, string? LastCheckpoint);
