using System.Diagnostics;
using Sightline.Training.Modeling;

namespace Sightline.Training.Benchmarks;

/// <summary>An update on pictures with all their captions: each picture encoded once for its captions against once a caption.</summary>
internal static class GroupedBenchmark
{
    private const int Pictures = 8;
    private const int CaptionsEach = 5;
    private const int Tokens = 32;

    /// <summary>Times both ways in turn, so that a busy machine slows both alike, and compares the gradients' norms.</summary>
    public static void Run(string folder, bool bf16, int steps)
    {
        using var model = TrainableModel.Load(folder);
        using var step = new TrainingStep(model, new TrainingArguments { Bf16 = bf16, LearningRate = 0, MaxGradNorm = 0 });
        var grouped = RandomBatch.Make(model, Pictures, CaptionsEach, Tokens);
        var separate = Separate(grouped);
        var (together, apart) = (new List<double>(), new List<double>());
        var norms = (Together: 0.0, Apart: 0.0);
        for (var i = -1; i < steps; i++) // the first of each warms up
        {
            var (oneTime, oneNorm) = Time(step, [grouped]);
            var (manyTime, manyNorm) = Time(step, separate);
            norms = (oneNorm, manyNorm);
            if (i < 0)
                continue;
            together.Add(oneTime);
            apart.Add(manyTime);
        }

        var (t, a) = (together.Order().ElementAt(steps / 2), apart.Order().ElementAt(steps / 2));
        Console.WriteLine($"{(bf16 ? "bf16 compute, fp32 master weights" : "fp32")}: an update on {Pictures} pictures with {CaptionsEach} captions each of {Tokens} tokens: grouped {t:F2} s, as {Pictures * CaptionsEach} separate examples {a:F2} s, {a / t:F2} times faster; gradient norms {norms.Together:G6} and {norms.Apart:G6}");
    }

    private static (double Seconds, double GradientNorm) Time(TrainingStep step, CaptionBatch[] batches)
    {
        var clock = Stopwatch.StartNew();
        foreach (var batch in batches)
            step.Accumulate(batch);
        var norm = step.Apply(0, batches.Length).GradientNorm;
        return (clock.Elapsed.TotalSeconds, norm);
    }

    // Micro-batches of as many examples as there are pictures, so that both ways need about the same memory.
    private static CaptionBatch[] Separate(CaptionBatch grouped)
    {
        var size = grouped.PixelValues.Length / Pictures;
        return [.. Enumerable.Range(0, CaptionsEach).Select(part =>
        {
            var (pixelValues, labels) = (new float[Pictures * size], new long[Pictures * Tokens]);
            for (var row = 0; row < Pictures; row++)
            {
                var example = (part * Pictures) + row;
                grouped.PixelValues.Slice(example / CaptionsEach * size, size).CopyTo(pixelValues.AsMemory(row * size));
                grouped.Labels.Slice(example * Tokens, Tokens).CopyTo(labels.AsMemory(row * Tokens));
            }

            return new CaptionBatch { PixelValues = pixelValues, ImageCount = Pictures, Labels = labels, LabelLength = Tokens };
        })];
    }
}
