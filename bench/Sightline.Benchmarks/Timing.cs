using System.Diagnostics;

namespace Sightline.Benchmarks;

/// <summary>Times of whole actions.</summary>
internal static class Timing
{
    private static readonly TimeSpan s_rest = TimeSpan.FromMilliseconds(20);

    /// <summary>Milliseconds of an action, after a rest in which the threads of the one before stop waiting for work.</summary>
    public static double AfterRest(Action action)
    {
        Thread.Sleep(s_rest);
        var start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

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
