using System.Text.Json.Nodes;
using Sightline.IO;
using Sightline.Training.Distributed;

namespace Sightline.Training;

/// <summary>Adds rows to a run's log as 4.17 does, and tells the callbacks.</summary>
internal sealed class RunLog(TrainingArguments arguments, ICollective collective, IReadOnlyList<TrainerCallback> callbacks)
{
    /// <summary>The losses since the last row, over all ranks; every rank calls it.</summary>
    public void AddTraining(TrainerState state, RunProgress progress, double learningRate)
    {
        var losses = collective.Gather(progress.Window).Aggregate((sum, next) => sum + next).Means;
        if (arguments.AccumulationNormalization == AccumulationNormalization.MicroBatchMeans)
            progress.WindowLoss = collective.Gather(progress.WindowLoss).Aggregate((sum, next) => sum + next) / collective.WorldSize;
        progress.Losses.Add(new LossRow(state.GlobalStep, false, losses));
        var row = new JsonObject
        {
            ["loss"] = PythonNumber.Round((double)progress.WindowLoss / (state.GlobalStep - progress.LastLoggedStep), 4),
            ["learning_rate"] = learningRate,
        };
        progress.TotalLoss += progress.WindowLoss;
        progress.WindowLoss = 0;
        progress.Window = default;
        progress.LastLoggedStep = state.GlobalStep;
        Add(state, row, losses);
    }

    /// <summary>A row; gets the epoch.</summary>
    public void Add(TrainerState state, JsonObject row, LossPair? losses)
    {
        row["epoch"] = PythonNumber.Round(state.Epoch, 2);
        var logged = (JsonObject)row.DeepClone();
        logged["step"] = state.GlobalStep;
        state.LogHistory.Add(logged);
        foreach (var callback in callbacks)
            callback.Logged(logged, losses);
    }
}
