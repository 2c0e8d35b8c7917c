using System.Diagnostics;

namespace Sightline.Benchmarks.Machine;

/// <summary>The same work on several threads at once.</summary>
internal static class ParallelClock
{
    private const int Runs = 7;

    /// <summary>The least seconds of several runs, from the first thread's start to the last one's end, by the threads' own clocks: a thread that only watches may be woken late.</summary>
    public static double Best(int threads, Action work)
    {
        var best = double.PositiveInfinity;
        for (var run = 0; run < Runs; run++)
        {
            using var start = new Barrier(threads);
            var (begins, ends) = (new long[threads], new long[threads]);
            var workers = Enumerable.Range(0, threads).Select(i => new Thread(() =>
            {
                start.SignalAndWait();
                begins[i] = Stopwatch.GetTimestamp();
                work();
                ends[i] = Stopwatch.GetTimestamp();
            })).ToArray();
            foreach (var worker in workers)
                worker.Start();
            foreach (var worker in workers)
                worker.Join();
            best = Math.Min(best, Stopwatch.GetElapsedTime(begins.Min(), ends.Max()).TotalSeconds);
        }

        return best;
    }
}
