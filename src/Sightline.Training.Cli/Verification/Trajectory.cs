using System.Text.Json.Nodes;
using Sightline.Checkpoints;
using Sightline.IO;
using Sightline.Training.Modeling;
using Sightline.Verification;

namespace Sightline.Training.Cli.Verification;

/// <summary>One case of <c>training/</c>: runs the trainer on the case's rows in its order and compares every step, the log and the final weights.</summary>
internal sealed class Trajectory : TrainerCallback
{
    private readonly string _folder;
    private readonly string _name;
    private readonly JsonObject _expected;
    private readonly JsonObject _manifest;
    private readonly TrainingArguments _arguments;
    private readonly TrajectoryTolerances _tolerances;
    private readonly Comparison _comparison;
    private readonly List<double> _losses = [];
    private readonly List<StepInfo> _steps = [];

    /// <param name="folder"><c>training/</c>.</param>
    /// <param name="name">The case.</param>
    /// <param name="comparison">Collects what is compared.</param>
    public Trajectory(string folder, string name, Comparison comparison)
    {
        (_folder, _name, _comparison) = (folder, name, comparison);
        _manifest = JsonFile.ReadObject(Path.Combine(folder, "manifest.json"));
        _expected = JsonFile.ReadObject(Path.Combine(folder, name + ".json"));
        _tolerances = new TrajectoryTolerances(_manifest);
        var given = _expected["arguments"]!.AsObject();
        var arguments = new JsonObject
        {
            ["loss"] = given["kind"]!.GetValue<string>(),
            ["accumulation_normalization"] = "micro_batch_means",
            ["accumulation_leftover"] = "carry",
            ["evaluation_strategy"] = "steps",
            ["save_strategy"] = "no",
            ["reference_order"] = true,
        };
        foreach (var (key, value) in given.Where(pair => pair.Key is not ("kind" or "n" or "n_train")))
            arguments[key] = value!.DeepClone();
        _arguments = TrainingArguments.FromJson(arguments, name);
    }

    /// <summary>Runs from the beginning, or from a checkpoint that the reference wrote.</summary>
    /// <param name="resumeFrom">The checkpoint's folder; null: from the beginning.</param>
    public void Run(string? resumeFrom)
    {
        var order = Numbers("sample_order").Select(row => (int)row).ToArray();
        var (training, evaluation) = FixtureRows.Load(_folder, order, _expected["arguments"]!["n_train"]!.GetValue<int>());
        var output = Directory.CreateTempSubdirectory("sightline-verify-");
        try
        {
            using var model = TrainableModel.Load(Path.Combine(_folder, "init"));
            using var trainer = new Trainer(model, _arguments with { OutputDir = output.FullName }, training, evaluation, [this]);
            _comparison.Equal("total_steps", [_expected["total_steps"]!.GetValue<int>()], (ReadOnlySpan<int>)[trainer.Plan.TotalSteps]);
            var result = trainer.Train(resumeFrom);
            var rows = _expected["log_history"]!.AsArray();
            if (rows[^1]!["eval_loss"] is not null && rows[^2]!["train_loss"] is not null)
                trainer.Evaluate(); // this case evaluated once more at the end
            var skipped = resumeFrom is null ? 0 : _expected["total_steps"]!.GetValue<int>() - _steps.Count;
            CompareSteps(skipped);
            if (resumeFrom is null)
            {
                CompareLog(rows, trainer.State.LogHistory);
                _comparison.Close("train_loss", _expected["train_loss"]!.GetValue<double>(), result.Metrics["train_loss"]!.GetValue<double>(), _tolerances.Loss);
            }

            CompareWeights(model);
        }
        finally
        {
            output.Delete(recursive: true);
        }
    }

    public override void MicroBatchEnd(MicroBatchInfo info) => _losses.Add(info.Loss);

    public override void StepEnd(StepInfo info) => _steps.Add(info);

    private void CompareSteps(int skipped)
    {
        var accumulation = _arguments.GradientAccumulationSteps;
        var losses = Numbers("micro_batch_losses")[(skipped * accumulation)..];
        var rates = Numbers("learning_rates")[skipped..];
        double[] norms = [.. Numbers("grad_norms").Skip(skipped)];
        if (norms.Length == 0)
            _comparison.Skip("gradient norms (none are stored: without clipping the reference computes none)");
        _comparison.Equal("number of micro-batches", [losses.Length], (ReadOnlySpan<int>)[_losses.Count]);
        _comparison.Equal("number of steps", [rates.Length], (ReadOnlySpan<int>)[_steps.Count]);
        for (var i = 0; i < Math.Min(losses.Length, _losses.Count); i++)
            _comparison.Close($"micro-batch {i + 1}: loss", losses[i], _losses[i], i + (skipped * accumulation) < 10 * accumulation ? _tolerances.EarlyLoss : _tolerances.Loss);
        for (var i = 0; i < Math.Min(rates.Length, _steps.Count); i++)
        {
            _comparison.Close($"step {_steps[i].Step}: learning rate", rates[i], _steps[i].LearningRate, _tolerances.LearningRate);
            if (i < norms.Length)
                _comparison.Close($"step {_steps[i].Step}: gradient norm", norms[i], _steps[i].GradientNorm, _tolerances.GradientNorm);
        }
    }

    // Rows as trainer_state.json has them; the fixture leaves out times.
    private void CompareLog(JsonArray expected, IList<JsonObject> actual)
    {
        _comparison.Equal("rows of log_history", [expected.Count], (ReadOnlySpan<int>)[actual.Count]);
        for (var i = 0; i < Math.Min(expected.Count, actual.Count); i++)
        {
            foreach (var (key, value) in expected[i]!.AsObject())
            {
                var tolerance = key switch
                {
                    "loss" => TrajectoryTolerances.RoundedLoss,
                    "eval_loss" or "train_loss" => _tolerances.Loss,
                    "learning_rate" => _tolerances.LearningRate,
                    _ => Tolerance.Exact,
                };
                _comparison.Close($"log_history[{i}].{key}", Number(value), Number(actual[i][key]), tolerance);
            }
        }
    }

    private void CompareWeights(TrainableModel model)
    {
        var tolerance = _tolerances.Weights(_manifest["cases"]![_name]!["final_weight_max_abs_diff_without_key_biases"]!.GetValue<double>());
        using var golden = SafetensorsFile.Open(Path.Combine(_folder, _name + ".safetensors"));
        foreach (var key in golden.Tensors.Keys.Where(key => key.StartsWith("final.", StringComparison.Ordinal)))
        {
            var name = key["final.".Length..];
            var (expected, actual) = (golden.ReadSingles(key), model.ReadParameter(name));
            for (var i = 0; i < expected.Length; i++)
            {
                if (IsNoise(name, i, expected.Length))
                    expected[i] = actual[i] = 0;
            }

            _comparison.Close(key, expected, actual, tolerance);
        }
    }

    // The attention's key biases: their true gradient is zero, and Adam turns rounding noise into steps (manifest.json).
    private static bool IsNoise(string name, int index, int length)
    {
        if (name.StartsWith("encoder.", StringComparison.Ordinal))
            return name.EndsWith(".attention.key.bias", StringComparison.Ordinal);
        if (name.EndsWith(".crossattention.c_attn.bias", StringComparison.Ordinal))
            return index < length / 2;
        return name.EndsWith(".attn.c_attn.bias", StringComparison.Ordinal) && index >= length / 3 && index < length / 3 * 2;
    }

    private double[] Numbers(string key) => [.. _expected[key]!.AsArray().Select(Number)];

    private static double Number(JsonNode? node) => node switch
    {
        null => double.NaN,
        JsonValue value when value.TryGetValue<double>(out var real) => real,
        _ => node.GetValue<int>(),
    };
}
