using System.Diagnostics;

namespace Sightline.Benchmarks;

/// <summary>Medians of whole actions.</summary>
internal static class Timing
{
    /// <summary>Prints the median of several runs, after one that does not count.</summary>
    public static void Report(string what, int runs, Action action)
    {
        action();
        var times = new List<double>();
        for (var i = 0; i < runs; i++)
        {
            var start = Stopwatch.GetTimestamp();
            action();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        Console.WriteLine($"{what}: {times.Order().ElementAt(runs / 2):N1} ms (best {times.Min():N1})");
    }
}
