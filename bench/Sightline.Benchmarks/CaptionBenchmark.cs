using System.Diagnostics;
using System.Runtime.InteropServices;
using Sightline.Generation;
using Sightline.Kernels;

namespace Sightline.Benchmarks;

/// <summary>Where the time of one caption goes: median and least of several runs, since other programs may disturb some; forced to 20 tokens, since random weights never end a sentence sensibly.</summary>
internal static class CaptionBenchmark
{
    private const int Tokens = 20;
    private const int Runs = 9;

    public static void Run(string folder, string picture, int threads, WeightFormat format)
    {
        var clock = Stopwatch.StartNew();
        using var captioner = Captioner.Load(folder, new CaptionerOptions { Threads = threads, DType = format });
        var load = clock.Elapsed;
        var greedy = new GenerationOptions { MinLength = Tokens, MaxLength = Tokens };
        clock.Restart();
        captioner.Describe(picture, greedy);
        var first = clock.Elapsed;

        Console.WriteLine($"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSArchitecture}, {Environment.ProcessorCount} processors, threads {(threads == 0 ? "all cores" : threads)}, {format}");
        ReportOne("load", load);
        ReportOne("first caption (greedy)", first);
        var image = captioner.Prepare(picture);
        Report("decode, resize, normalise", Times(() => captioner.Prepare(picture)));
        var encoded = captioner.Model.Encode(image.PixelValues);
        Report("encoder", Times(() => captioner.Model.Encode(image.PixelValues)));
        Report("cross-attention keys and values", Times(() => captioner.Model.StartDecoding(encoded).Dispose()));
        foreach (var beams in new[] { 1, 4 })
        {
            var options = greedy with { NumBeams = beams };
            var caption = Times(() => captioner.Describe([image], options));
            Report(beams == 1 ? $"caption, greedy, {Tokens} tokens" : $"caption, {beams} beams, {Tokens} tokens", caption);
            Report($"one token, {beams} {(beams == 1 ? "row" : "rows")}", Times(() => Decode(captioner, encoded, beams)), Tokens - 1);
        }

        using var process = Process.GetCurrentProcess();
        Console.WriteLine($"peak memory: {process.PeakWorkingSet64 / (1 << 20):N0} MiB");
    }

    private static void Decode(Captioner captioner, Models.EncoderOutput encoded, int rows)
    {
        using var session = captioner.Model.StartDecoding(encoded, rows);
        var (ids, logits) = (new int[rows], new float[rows * session.VocabularySize]);
        for (var i = 0; i < Tokens - 1; i++)
            session.Step(ids, 1, logits);
    }

    private static List<double> Times(Action action)
    {
        action();
        var times = new List<double>();
        for (var i = 0; i < Runs; i++)
        {
            var clock = Stopwatch.StartNew();
            action();
            times.Add(clock.Elapsed.TotalMilliseconds);
        }

        times.Sort();
        return times;
    }

    private static void Report(string what, List<double> times, int parts = 1) =>
        Console.WriteLine($"{what}: {times[Runs / 2] / parts:N2} ms (least {times[0] / parts:N2})");

    private static void ReportOne(string what, TimeSpan time) => Console.WriteLine($"{what}: {time.TotalMilliseconds:N1} ms");
}
