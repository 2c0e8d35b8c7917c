using System.Text.Json.Nodes;

namespace Sightline.Training;

/// <summary>Follows a run: override what is of interest. Called on the training thread, in the order in which callbacks were given.</summary>
public abstract class TrainerCallback
{
    /// <summary>The run begins, or goes on after a resume.</summary>
    public virtual void TrainBegin(TrainingArguments arguments, TrainingPlan plan, TrainerState state) { }

    /// <summary>A micro-batch has been computed.</summary>
    public virtual void MicroBatchEnd(MicroBatchInfo info) { }

    /// <summary>An update has been taken.</summary>
    public virtual void StepEnd(StepInfo info) { }

    /// <summary>A row has been added to the log history.</summary>
    /// <param name="row">The row as <c>trainer_state.json</c> has it.</param>
    /// <param name="losses">Both losses over what the row covers; null for the last row of a run.</param>
    public virtual void Logged(JsonObject row, LossPair? losses) { }

    /// <summary>A checkpoint is complete.</summary>
    public virtual void Saved(string folder) { }

    /// <summary>The run has ended.</summary>
    public virtual void TrainEnd(TrainingResult result) { }
}
