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
    private static readonly TimeSpan s_warming = TimeSpan.FromMilliseconds(600); // until the JIT has settled

    public static void Run(string folder, string picture, int threads, WeightFormat format)
    {
        var clock = Stopwatch.StartNew();
        using var captioner = Captioner.Load(folder, new CaptionerOptions { Threads = threads, DType = format, DraftTokens = 0 });
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
        using var encoded = captioner.Model.Encode(image.PixelValues);
        Report("encoder", Times(() => captioner.Model.Encode(image.PixelValues).Dispose()));
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

    /// <summary>Nothing but the encoder for some seconds, for a profiler.</summary>
    public static void RepeatEncoder(string folder, string picture, int threads, WeightFormat format)
    {
        using var captioner = Captioner.Load(folder, new CaptionerOptions { Threads = threads, DType = format, DraftTokens = 0 });
        var image = captioner.Prepare(picture);
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < TimeSpan.FromSeconds(12);)
            captioner.Model.Encode(image.PixelValues).Dispose();
    }

    private static void Decode(Captioner captioner, Models.EncoderOutput encoded, int rows)
    {
        using var session = captioner.Model.StartDecoding(encoded, rows);
        var (ids, logits) = (new int[rows], new float[rows * session.VocabularySize]);
        for (var i = 0; i < Tokens - 1; i++)
            session.Step(ids, 1, logits);
    }

    private static (List<double> Wall, List<double> Processor) Times(Action action)
    {
        for (var warming = Stopwatch.StartNew(); warming.Elapsed < s_warming;)
            action();
        var (wall, processor) = (new List<double>(), new List<double>());
        for (var i = 0; i < Runs; i++)
        {
            var before = Environment.CpuUsage.TotalTime;
            var clock = Stopwatch.StartNew();
            action();
            wall.Add(clock.Elapsed.TotalMilliseconds);
            processor.Add((Environment.CpuUsage.TotalTime - before).TotalMilliseconds);
        }

        wall.Sort();
        processor.Sort();
        return (wall, processor);
    }

    private static void Report(string what, (List<double> Wall, List<double> Processor) times, int parts = 1) =>
        Console.WriteLine($"{what}: {times.Wall[Runs / 2] / parts:N2} ms (least {times.Wall[0] / parts:N2}; processor time {times.Processor[Runs / 2] / parts:N2}, least {times.Processor[0] / parts:N2})");

    private static void ReportOne(string what, TimeSpan time) => Console.WriteLine($"{what}: {time.TotalMilliseconds:N1} ms");
}
