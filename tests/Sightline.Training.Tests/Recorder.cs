using System.Text.Json.Nodes;

namespace Sightline.Training.Tests;

/// <summary>Keeps what a run reports.</summary>
internal sealed class Recorder : TrainerCallback
{
    public List<double> MicroLosses { get; } = [];

    public List<StepInfo> Steps { get; } = [];

    public List<JsonObject> Rows { get; } = [];

    public List<string> Saves { get; } = [];

    public override void MicroBatchEnd(MicroBatchInfo info) => MicroLosses.Add(info.Loss);

    public override void StepEnd(StepInfo info) => Steps.Add(info);

    public override void Logged(JsonObject row, LossPair? losses) => Rows.Add(row);

    public override void Saved(string folder) => Saves.Add(folder);
}
