using System.Diagnostics;
using System.Text.Json.Nodes;
using Sightline.IO;
using static TorchSharp.torch;

namespace Sightline.Training;

/// <summary>The losses over evaluation data, and what a scorer finds.</summary>
internal static class Evaluator
{
    /// <summary>Runs.</summary>
    /// <param name="model">The model.</param>
    /// <param name="data">The examples.</param>
    /// <param name="arguments">Batch size and loss.</param>
    /// <param name="scorer">Gives more metrics, within the time that is measured; null: none.</param>
    public static EvaluationResult Run(
        Modeling.TrainableModel model, IEvaluationData data, TrainingArguments arguments, Func<Modeling.TrainableModel, IReadOnlyList<(string Name, double Value)>>? scorer)
    {
        var clock = Stopwatch.StartNew();
        var (sums, weighted, batches, examples) = (default(LossSums), 0.0, 0, 0);
        var wasTraining = model.Module.training;
        model.Module.eval();
        try
        {
            foreach (var batch in data.Read(arguments.PerDeviceEvalBatchSize))
            {
                using var scope = NewDisposeScope();
                using var noGradient = no_grad();
                var loss = model.Loss(batch, arguments.LabelSmoothingFactor);
                // 4.17 repeats a batch's mean for each of its examples.
                var mean = loss.Sum(arguments.Loss).item<float>() / loss.Count(arguments.Loss);
                weighted += (double)mean * batch.RowCount;
                sums += new LossSums(loss.PadSum.item<float>(), loss.Positions, loss.MaskedSum.item<float>(), loss.Tokens);
                examples += batch.RowCount;
                batches++;
            }
        }
        finally
        {
            model.Module.train(wasTraining);
        }

        if (examples == 0)
            throw new TrainingException("the evaluation data have no examples; check the annotation file and its filters.");
        var value = (float)(weighted / examples);
        var metrics = new JsonObject { ["eval_loss"] = (double)value };
        foreach (var (name, score) in scorer?.Invoke(model) ?? [])
            metrics["eval_" + name] = score;
        AddSpeeds(metrics, "eval", clock.Elapsed.TotalSeconds, examples, batches);
        return new EvaluationResult(value, sums.Means, metrics);
    }

    /// <summary>HF's <c>speed_metrics</c>.</summary>
    public static void AddSpeeds(JsonObject metrics, string split, double seconds, long examples, long steps)
    {
        metrics[$"{split}_runtime"] = PythonNumber.Round(seconds, 4);
        metrics[$"{split}_samples_per_second"] = PythonNumber.Round(examples / seconds, 3);
        metrics[$"{split}_steps_per_second"] = PythonNumber.Round(steps / seconds, 3);
    }
}
