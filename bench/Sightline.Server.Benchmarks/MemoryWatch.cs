using System.Diagnostics;

namespace Sightline.Server.Benchmarks;

/// <summary>Looks at a server's memory while it works, and tells whether it grows.</summary>
internal sealed class MemoryWatch(ServerUnderLoad server)
{
    private const double PrintSeconds = 15;
    private readonly List<(double Minutes, double MiB)> _samples = [];

    /// <summary>Takes a sample a second (20 at least) and prints one each 15 seconds (4 at least).</summary>
    public async Task RunAsync(TimeSpan duration)
    {
        var clock = Stopwatch.StartNew();
        var step = TimeSpan.FromSeconds(Math.Min(1, duration.TotalSeconds / 20));
        var print = TimeSpan.FromSeconds(Math.Min(PrintSeconds, duration.TotalSeconds / 4));
        for (var next = TimeSpan.Zero; ;)
        {
            var (elapsed, mebibytes) = (clock.Elapsed, server.Memory / (double)(1 << 20));
            _samples.Add((elapsed.TotalMinutes, mebibytes));
            if (elapsed >= next)
            {
                Console.WriteLine($"memory at {elapsed.TotalSeconds:N1} s: {mebibytes:N1} MiB");
                next += print;
            }

            if (elapsed >= duration)
                return;
            await Task.Delay(step);
        }
    }

    /// <summary>The slope of all samples, and of the second half, when the heap has found its size.</summary>
    public string Report() =>
        $"memory: {Slope(_samples):+0.0;-0.0} MiB a minute, {Slope(_samples[(_samples.Count / 2)..]):+0.0;-0.0} in the second half, between {_samples.Min(sample => sample.MiB):N1} and {_samples.Max(sample => sample.MiB):N1} MiB ({_samples.Count} samples)";

    // Least squares.
    private static double Slope(IReadOnlyList<(double Minutes, double MiB)> samples)
    {
        var (minutes, mebibytes) = (samples.Average(sample => sample.Minutes), samples.Average(sample => sample.MiB));
        return samples.Sum(sample => (sample.Minutes - minutes) * (sample.MiB - mebibytes)) / samples.Sum(sample => (sample.Minutes - minutes) * (sample.Minutes - minutes));
    }
}
