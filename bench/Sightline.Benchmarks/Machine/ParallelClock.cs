using System.Diagnostics;

namespace Sightline.Benchmarks.Machine;

/// <summary>The same work on several threads at once.</summary>
internal static class ParallelClock
{
    private const int Runs = 7;

    /// <summary>The least seconds of several runs, from the common start to the last thread's end.</summary>
    public static double Best(int threads, Action work)
    {
        var best = double.PositiveInfinity;
        for (var run = 0; run < Runs; run++)
        {
            using var start = new Barrier(threads + 1);
            var workers = Enumerable.Range(0, threads).Select(_ => new Thread(() =>
            {
                start.SignalAndWait();
                work();
            })).ToArray();
            foreach (var worker in workers)
                worker.Start();
            start.SignalAndWait();
            var clock = Stopwatch.StartNew();
            foreach (var worker in workers)
                worker.Join();
            best = Math.Min(best, clock.Elapsed.TotalSeconds);
        }

        return best;
    }
}
