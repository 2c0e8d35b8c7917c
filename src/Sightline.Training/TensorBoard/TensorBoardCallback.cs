using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Sightline.Configuration;
using Sightline.IO;

namespace Sightline.Training.TensorBoard;

/// <summary>
/// Writes a run's log as TensorBoard events, under the tags of HF's <c>TensorBoardCallback</c> (<c>train/loss</c>, <c>eval/loss</c>, …; texts <c>args</c> and
/// <c>model_config</c>), and beside them both losses, their dilution and the gradient norm.
/// </summary>
/// <param name="config">The model's configuration, shown as text; null: not shown.</param>
/// <param name="time">The clock; null: the system's.</param>
public sealed class TensorBoardCallback(VisionEncoderDecoderConfig? config = null, TimeProvider? time = null) : TrainerCallback, IDisposable
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private EventFile? _file;
    private double _gradientNorm;

    /// <summary>The file that is written; null before the run begins.</summary>
    public string? FilePath => _file?.FilePath;

    /// <inheritdoc/>
    public override void TrainBegin(TrainingArguments arguments, TrainingPlan plan, TrainerState state)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(state);
        _file?.Dispose();
        var folder = arguments.LoggingDir ?? Path.Combine(
            arguments.OutputDir, "runs", $"{_time.GetLocalNow().ToString("MMMdd_HH-mm-ss", CultureInfo.InvariantCulture)}_{Dns.GetHostName()}");
        _file = new EventFile(folder, _time);
        _file.Write(EventMessage.Text(_time.GetUtcNow(), state.GlobalStep, "args", PythonJson.Serialize(arguments.ToJson())));
        if (config is not null)
            _file.Write(EventMessage.Text(_time.GetUtcNow(), state.GlobalStep, "model_config", PythonJson.Serialize(config.Json)));
    }

    /// <inheritdoc/>
    public override void StepEnd(StepInfo info) => _gradientNorm = info.GradientNorm;

    /// <inheritdoc/>
    public override void Logged(JsonObject row, LossPair? losses)
    {
        ArgumentNullException.ThrowIfNull(row);
        if (_file is null)
            return; // an evaluation outside a run
        var step = row["step"]!.GetValue<int>();
        var isEvaluation = row.ContainsKey("eval_loss");
        foreach (var (key, value) in row.Where(pair => pair.Key != "step"))
        {
            var tag = key.StartsWith("eval_", StringComparison.Ordinal) ? $"eval/{key["eval_".Length..]}" : $"train/{key}";
            if (double.TryParse(value?.ToJsonString(), CultureInfo.InvariantCulture, out var number))
                Write(step, tag, number);
        }

        if (losses is not { } pair)
            return;
        var split = isEvaluation ? "eval" : "train";
        Write(step, $"{split}/loss_pad", pair.Pad);
        Write(step, $"{split}/loss_masked", pair.Masked);
        Write(step, $"{split}/loss_dilution", pair.Dilution);
        if (!isEvaluation)
            Write(step, "train/grad_norm", _gradientNorm);
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    private void Write(int step, string tag, double value) => _file!.Write(EventMessage.Scalar(_time.GetUtcNow(), step, tag, (float)value));
}
