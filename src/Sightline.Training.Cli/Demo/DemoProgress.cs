using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Sightline.Training.Cli.Demo;

/// <summary>A whole line per log row: step, loss, speed, time left.</summary>
internal sealed class DemoProgress(TextWriter output) : TrainerCallback
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private StepInfo _last;
    private long _images;

    public override void TrainBegin(TrainingArguments arguments, TrainingPlan plan, TrainerState state) => _clock.Restart();

    public override void StepEnd(StepInfo info)
    {
        _last = info;
        _images += info.Images;
    }

    public override void Logged(JsonObject row, LossPair? losses)
    {
        if (losses is not { } loss || row["eval_loss"] is not null)
            return;
        var seconds = _clock.Elapsed.TotalSeconds;
        var left = seconds / _last.Step * (_last.TotalSteps - _last.Step);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  step {_last.Step} of {_last.TotalSteps}, loss {loss.Masked:F3}, {_images / seconds:F0} pictures a second, {left:F0} s left"));
    }
}
