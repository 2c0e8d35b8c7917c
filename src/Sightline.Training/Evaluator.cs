using System.Diagnostics;
using System.Text.Json.Nodes;
using Sightline.IO;
using Sightline.Training.Distributed;
using static TorchSharp.torch;

namespace Sightline.Training;

/// <summary>The losses over evaluation data, and what a scorer finds.</summary>
internal static class Evaluator
{
    /// <summary>Runs.</summary>
    /// <param name="model">The model.</param>
    /// <param name="data">The examples.</param>
    /// <param name="arguments">Batch size and loss.</param>
    /// <param name="scorer">Gives more metrics, the same on every rank, within the time that is measured; null: none.</param>
    /// <param name="collective">The ranks that share the examples.</param>
    public static EvaluationResult Run(
        Modeling.TrainableModel model, IEvaluationData data, TrainingArguments arguments, Func<Modeling.TrainableModel, IReadOnlyList<(string Name, double Value)>>? scorer,
        ICollective collective)
    {
        var clock = Stopwatch.StartNew();
        var (sums, weighted, batches, examples) = (default(LossSums), 0.0, 0, 0);
        var size = arguments.PerDeviceEvalBatchSize;
        var wasTraining = model.Module.training;
        model.Module.eval();
        try
        {
            foreach (var batch in data.Read(size))
            {
                // Ranks take whole batches in turn; the last are filled up with examples from the beginning, which do not count.
                var first = ((long)batches * collective.WorldSize + collective.Rank) * size;
                var counted = collective.WorldSize == 1 ? batch.RowCount : (int)Math.Clamp(data.Count - first, 0, batch.RowCount);
                batches++;
                using var scope = NewDisposeScope();
                using var noGradient = no_grad();
                var loss = model.Loss(batch, arguments.LabelSmoothingFactor);
                // 4.17 repeats a batch's mean, that of the filled-up batch, for each of its examples.
                var mean = loss.Sum(arguments.Loss).item<float>() / loss.Count(arguments.Loss);
                weighted += (double)mean * counted;
                if (counted < batch.RowCount && counted > 0)
                    loss = model.Loss(batch.First(counted), arguments.LabelSmoothingFactor);
                if (counted > 0)
                    sums += new LossSums(loss.PadSum.item<float>(), loss.Positions, loss.MaskedSum.item<float>(), loss.Tokens);
                examples += counted;
            }
        }
        finally
        {
            model.Module.train(wasTraining);
        }

        (sums, weighted, examples) = collective.Gather((sums, weighted, examples)).Aggregate((a, b) => (a.sums + b.sums, a.weighted + b.weighted, a.examples + b.examples));
        if (examples == 0)
            throw new TrainingException("the evaluation data have no examples; check the annotation file and its filters.");
        var value = (float)(weighted / examples);
        var metrics = new JsonObject { ["eval_loss"] = (double)value };
        foreach (var (name, score) in scorer?.Invoke(model) ?? [])
            metrics["eval_" + name] = score;
        AddSpeeds(metrics, "eval", clock.Elapsed.TotalSeconds, examples, (examples + (size * collective.WorldSize) - 1) / (size * collective.WorldSize));
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
