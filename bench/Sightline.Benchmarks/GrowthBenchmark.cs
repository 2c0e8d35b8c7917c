using System.Diagnostics;
using Sightline.Generation;
using Sightline.Kernels;

namespace Sightline.Benchmarks;

/// <summary>How a caption's time grows with beams, tokens, pictures in a batch and threads: medians, and the line of least squares through them.</summary>
internal static class GrowthBenchmark
{
    private const int Runs = 7;
    private const int Tokens = 20;
    private static readonly int[] s_threads = [1, 2, 4, 8, 16];
    private static readonly int[] s_lengths = [10, 20, 30, 40, 50];

    public static void Run(string folder, string picture, WeightFormat format)
    {
        foreach (var threads in s_threads.Where(threads => threads <= Environment.ProcessorCount))
        {
            using var captioner = Captioner.Load(folder, new CaptionerOptions { Threads = threads, DType = format, DraftTokens = 0 });
            var image = captioner.Prepare(picture);
            Console.WriteLine($"{threads} {(threads == 1 ? "thread" : "threads")}, {format}, ms, medians of {Runs}:");
            Table("beams, 20 tokens", [1, 2, 3, 4, 5, 6, 8], beams => captioner.Describe([image], Forced(Tokens) with { NumBeams = beams }));
            Table("tokens, greedy", s_lengths, tokens => captioner.Describe([image], Forced(tokens)));
            Table("tokens, 4 beams", s_lengths, tokens => captioner.Describe([image], Forced(tokens) with { NumBeams = 4 }));
            Table("pictures in a batch, greedy, 20 tokens", [1, 2, 4, 8, 16, 32], batch => captioner.Describe([.. Enumerable.Repeat(image, batch)], Forced(Tokens)));
        }
    }

    private static GenerationOptions Forced(int tokens) => new() { MinLength = tokens, MaxLength = tokens };

    private static void Table(string what, int[] sizes, Action<int> run)
    {
        var times = sizes.Select(size => Median(() => run(size))).ToArray();
        var (meanX, meanY) = (sizes.Average(), times.Average());
        var slope = sizes.Zip(times, (x, y) => (x - meanX) * (y - meanY)).Sum() / sizes.Sum(x => (x - meanX) * (x - meanX));
        var start = meanY - (slope * meanX);
        var unexplained = sizes.Zip(times, (x, y) => Math.Pow(y - start - (slope * x), 2)).Sum() / times.Sum(y => Math.Pow(y - meanY, 2));
        Console.WriteLine($"| {what} | {string.Join(" | ", sizes)} | line |");
        Console.WriteLine($"|---|{string.Concat(sizes.Select(_ => "---|"))}---|");
        Console.WriteLine($"| ms | {string.Join(" | ", times.Select(time => $"{time:N1}"))} | {start:N1} + {slope:N2} n (R² {1 - unexplained:N3}) |");
    }

    private static double Median(Action action)
    {
        action();
        var times = new double[Runs];
        for (var i = 0; i < Runs; i++)
        {
            var clock = Stopwatch.StartNew();
            action();
            times[i] = clock.Elapsed.TotalMilliseconds;
        }

        Array.Sort(times);
        return times[Runs / 2];
    }
}
