using System.Diagnostics;
using Sightline.Training.Modeling;

namespace Sightline.Training.Benchmarks;

/// <summary>Where the time of one training step goes at the card's batch size.</summary>
internal static class StepBenchmark
{
    private const int Batch = 8;
    private const int Tokens = 32;

    public static void Run(string folder, bool bf16, int steps)
    {
        using var model = TrainableModel.Load(folder);
        var arguments = new TrainingArguments { Bf16 = bf16, PerDeviceTrainBatchSize = Batch, LearningRate = 2e-5 };
        using var step = new TrainingStep(model, arguments);
        var batch = RandomBatch.Make(model, Batch, captionsEach: 1, Tokens);
        model.ComputeLoss(batch);
        step.Accumulate(batch);
        step.Apply(2e-5, 1);
        var (forward, gradients, update) = (new List<double>(), new List<double>(), new List<double>());
        for (var i = 0; i < steps; i++)
        {
            forward.Add(Time(() => model.ComputeLoss(batch)));
            gradients.Add(Time(() => step.Accumulate(batch)));
            update.Add(Time(() => step.Apply(2e-5, 1)));
        }

        using var process = Process.GetCurrentProcess();
        var (f, g, u) = (Median(forward), Median(gradients), Median(update));
        Console.WriteLine($"{(bf16 ? "bf16 compute, fp32 master weights" : "fp32")}: {g + u:F2} s a step (forward alone {f:F2}, forward and backward {g:F2}, optimizer {u:F2}), peak {process.PeakWorkingSet64 / (1 << 20):N0} MiB so far");
    }

    private static double Time(Action action)
    {
        var clock = Stopwatch.StartNew();
        action();
        return clock.Elapsed.TotalSeconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
