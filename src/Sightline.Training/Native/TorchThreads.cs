using static TorchSharp.torch;

namespace Sightline.Training.Native;

/// <summary>
/// A number of libtorch's threads for the work of one thread, until it is disposed on that thread. Sums are split by that number, so that it decides their last
/// bits.
/// </summary>
/// <remarks>
/// libtorch keeps the number for each calling thread: a thread takes it over from the process when it first computes, and setting it sets the thread's and the
/// process's. What a thread has therefore says only what ran when it was new; what the process has is what a new thread finds.
/// </remarks>
internal readonly struct TorchThreads : IDisposable
{
    private static readonly Lock s_lock = new();
    private static int s_runs;
    private static int s_process;

    [ThreadStatic]
    private static int s_number;

    private readonly bool _isOutermost;

    /// <summary>Sets the number.</summary>
    /// <param name="number">0: the number that the process has.</param>
    public TorchThreads(int number)
    {
        TorchLibrary.Load();
        if (s_number > 0)
            return; // the run that goes on here has chosen
        lock (s_lock)
        {
            if (s_runs++ == 0)
                s_process = OfProcess();
            s_number = number > 0 ? number : s_process;
            _ = get_num_threads(); // what a thread sets before it has taken the process's number over, it loses when it first computes
            set_num_threads(s_number);
        }

        _isOutermost = true;
    }

    /// <summary>Gives the process its number back, and this thread the same.</summary>
    public void Dispose()
    {
        if (!_isOutermost)
            return;
        lock (s_lock)
        {
            s_runs--;
            s_number = 0;
            set_num_threads(s_process);
        }
    }

    private static int OfProcess()
    {
        var number = 0;
        var thread = new Thread(() => number = get_num_threads());
        thread.Start();
        thread.Join();
        return number;
    }
}
