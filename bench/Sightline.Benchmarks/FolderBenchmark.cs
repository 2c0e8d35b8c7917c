using System.Diagnostics;
using Sightline.Generation;

namespace Sightline.Benchmarks;

/// <summary>Many pictures: one after the other against the pipeline, in one run. Where the folder holds fewer than asked for, it is gone through again.</summary>
internal static class FolderBenchmark
{
    private const int Tokens = 20;

    public static async Task RunAsync(string model, string folder, int count)
    {
        var found = PictureFiles.Find(folder).Take(count).ToArray();
        var files = Enumerable.Range(0, count).Select(i => found[i % found.Length]).ToArray();
        using var captioner = Captioner.Load(model, new CaptionerOptions { DraftTokens = 0 });
        var greedy = new GenerationOptions { MinLength = Tokens, MaxLength = Tokens };
        captioner.Describe(files[0], greedy);
        Console.WriteLine($"{files.Length} pictures ({found.Length} different), {Tokens} tokens, {Environment.ProcessorCount} processors");
        var clock = Stopwatch.StartNew();
        foreach (var file in files)
            captioner.Describe(file, greedy);
        var sequential = clock.Elapsed;
        Report("one after the other", sequential);
        foreach (var batch in new[] { 1, 4, 8, 16, 32 })
        {
            var pipeline = new CaptionPipeline(captioner, greedy, new CaptionPipelineOptions { BatchSize = batch });
            clock.Restart();
            await foreach (var outcome in pipeline.RunAsync(files, ImageInput.FromFile))
                _ = outcome.Caption ?? throw outcome.Error!;
            Report($"pipeline, batch {batch}", clock.Elapsed);
        }

        using var process = Process.GetCurrentProcess();
        Console.WriteLine($"peak memory: {process.PeakWorkingSet64 / (1 << 20):N0} MiB");

        void Report(string what, TimeSpan time) =>
            Console.WriteLine($"{what}: {files.Length / time.TotalSeconds:N2} pictures/s, {sequential / time:N2} times the first");
    }
}
