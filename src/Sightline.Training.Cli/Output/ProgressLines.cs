using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Sightline.Training.Cli.Output;

/// <summary>A line for each row of the log and each checkpoint; between them, on a terminal, one line that is kept up to date.</summary>
/// <param name="events">Gets the lines.</param>
/// <param name="live">The terminal for the live line; null without one.</param>
internal sealed class ProgressLines(RunEvents events, TextWriter? live) : TrainerCallback
{
    private const long LiveMilliseconds = 200;
    private static readonly string[] s_ownKeys = ["eval_loss", "eval_runtime", "eval_samples_per_second", "eval_steps_per_second"];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Stopwatch _sinceLive = Stopwatch.StartNew();
    private StepInfo _last;
    private int _firstStep;
    private long _images;
    private int _liveLength;

    public override void TrainBegin(TrainingArguments arguments, TrainingPlan plan, TrainerState state)
    {
        events.BeforeLine = ClearLive;
        _firstStep = state.GlobalStep;
        _clock.Restart();
        events.Tell(
            "start",
            Invariant($"Training: {plan.ExampleCount} examples, {plan.StepsPerEpoch} steps an epoch, {plan.TotalSteps} steps in all{(_firstStep > 0 ? $", going on after step {_firstStep}" : "")}."),
            new JsonObject { ["examples"] = plan.ExampleCount, ["steps_per_epoch"] = plan.StepsPerEpoch, ["total_steps"] = plan.TotalSteps, ["step"] = _firstStep });
    }

    public override void StepEnd(StepInfo info)
    {
        _last = info;
        _images += info.Images;
        if (live is null || events.IsJson || _sinceLive.ElapsedMilliseconds < LiveMilliseconds)
            return;
        _sinceLive.Restart();
        var line = Invariant($"step {info.Step} of {info.TotalSteps}, loss {info.Losses.Masked:F4}, lr {info.LearningRate:G3}, {ImagesPerSecond:F1} images/s, {TimeLeft} left");
        if (Console.WindowWidth is > 1 and var columns && line.Length >= columns)
            line = line[..(columns - 1)]; // a longer one would wrap, and its first row could not be taken back
        live.Write("\r" + line.PadRight(_liveLength));
        live.Flush();
        _liveLength = line.Length;
    }

    public override void Logged(JsonObject row, LossPair? losses)
    {
        var values = (JsonObject)row.DeepClone();
        if (losses is { } pair)
            (values["loss_pad"], values["loss_masked"], values["dilution"]) = (pair.Pad, pair.Masked, pair.Dilution);
        if (row["eval_loss"] is not null)
        {
            events.Tell("evaluation", Invariant($"step {Text(row, "step")}, epoch {Text(row, "epoch")}: evaluation loss {Text(row, "eval_loss")}{Losses(losses)}{Scores(row)}."), values);
            return;
        }

        if (losses is null)
        {
            events.Tell("result", null, values);
            return;
        }

        (values["images_per_second"], values["seconds_left"]) = (ImagesPerSecond, SecondsLeft);
        events.Tell(
            "log",
            Invariant($"step {Text(row, "step")} of {_last.TotalSteps}, epoch {Text(row, "epoch")}: loss {Text(row, "loss")}{Losses(losses)}, lr {Text(row, "learning_rate")}, {ImagesPerSecond:F1} images/s, {TimeLeft} left."),
            values);
    }

    public override void Saved(string folder) => events.Tell("saved", $"Saved {folder}.", new JsonObject { ["checkpoint"] = folder });

    public override void TrainEnd(TrainingResult result) => ClearLive();

    private double ImagesPerSecond => _images / Math.Max(1e-9, _clock.Elapsed.TotalSeconds);

    private double SecondsLeft => _clock.Elapsed.TotalSeconds / Math.Max(1, _last.Step - _firstStep) * (_last.TotalSteps - _last.Step);

    private string TimeLeft => TimeSpan.FromSeconds(Math.Min(SecondsLeft, 8e9)) is var time && time.TotalHours >= 1
        ? Invariant($"{(long)time.TotalHours} h {time.Minutes} min")
        : time.TotalMinutes >= 1 ? Invariant($"{time.Minutes} min {time.Seconds} s") : Invariant($"{time.Seconds} s");

    private void ClearLive()
    {
        if (_liveLength == 0)
            return;
        live!.Write("\r" + new string(' ', _liveLength) + "\r");
        live.Flush();
        _liveLength = 0;
    }

    private static string Losses(LossPair? losses) =>
        losses is { } pair ? Invariant($" (per token {pair.Masked:F4}, with padding {pair.Pad:F4}, dilution {pair.Dilution:F4})") : "";

    // What a scorer added to the Trainer's own values.
    private static string Scores(JsonObject row) => string.Concat(row
        .Where(pair => pair.Key.StartsWith("eval_", StringComparison.Ordinal) && !s_ownKeys.Contains(pair.Key))
        .Select(pair => Invariant($", {pair.Key["eval_".Length..]} {pair.Value!.GetValue<double>():F4}")));

    private static string Text(JsonObject row, string key) => row[key]?.ToJsonString() ?? "?";

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
