namespace Sightline.Training;

/// <summary>The metric that decides which checkpoint is the best and whether to stop early (<c>metric_for_best_model</c>).</summary>
internal sealed class BestMetric(TrainingArguments arguments)
{
    /// <summary>Remembers the checkpoint that is about to be saved, where its evaluation is the best so far.</summary>
    public void Note(EvaluationResult evaluation, string checkpoint, TrainerState state)
    {
        if (Find(evaluation) is { } value && (state.BestMetric is not { } best || IsBetter(value, best)))
            (state.BestMetric, state.BestModelCheckpoint) = (value, checkpoint);
    }

    /// <summary>Whether the evaluations have gone on for too long without a gain. As HF's EarlyStoppingCallback: it sees the best metric as of the last checkpoint.</summary>
    public bool EndsRun(EvaluationResult evaluation, TrainerState state, RunProgress progress)
    {
        if (arguments.EarlyStoppingPatience is not { } patience || Find(evaluation) is not { } value)
            return false;
        if (state.BestMetric is not { } best || (IsBetter(value, best) && Math.Abs(value - best) > arguments.EarlyStoppingThreshold))
            progress.EvaluationsWithoutGain = 0;
        else
            progress.EvaluationsWithoutGain++;
        return progress.EvaluationsWithoutGain >= patience;
    }

    private double? Find(EvaluationResult evaluation)
    {
        if (arguments.BestMetric is not { } name)
            return null;
        var key = name.StartsWith("eval_", StringComparison.Ordinal) ? name : "eval_" + name;
        return evaluation.Metrics[key]?.GetValue<double>()
            ?? throw new ConfigurationException($"metric_for_best_model is '{name}'; the evaluation gives {string.Join(", ", evaluation.Metrics.Select(m => m.Key))}.");
    }

    private bool IsBetter(double value, double best) => arguments.MoreIsBetter ? value > best : value < best;
}
