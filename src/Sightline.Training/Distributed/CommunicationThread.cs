using System.Collections.Concurrent;

namespace Sightline.Training.Distributed;

/// <summary>
/// The one thread that talks to the other ranks (MPI's <c>MPI_THREAD_FUNNELED</c>): calls are made one after the other, in the order in which they were
/// asked for, while backward goes on elsewhere. A watchdog ends the process when a call takes too long.
/// </summary>
internal sealed class CommunicationThread : IDisposable
{
    private readonly BlockingCollection<(string What, Action Call, TaskCompletionSource Done)> _calls = [];
    private readonly Thread _thread;
    private readonly CommWatchdog _watchdog;

    public CommunicationThread(string name, CommWatchdog watchdog)
    {
        _watchdog = watchdog;
        _thread = new Thread(Work) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Asks for a call.</summary>
    /// <param name="what">Names it in the watchdog's message.</param>
    /// <param name="call">The call.</param>
    public Task Start(string what, Action call)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _calls.Add((what, call, done));
        return done.Task;
    }

    /// <summary>Asks for a call and waits for its end.</summary>
    public void Run(string what, Action call) => Start(what, call).GetAwaiter().GetResult();

    public void Dispose()
    {
        _calls.CompleteAdding();
        _thread.Join();
        _watchdog.Dispose();
        _calls.Dispose();
    }

    private void Work()
    {
        foreach (var (what, call, done) in _calls.GetConsumingEnumerable())
        {
            _watchdog.Begin(what);
            try
            {
                call();
                done.SetResult();
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
            finally
            {
                _watchdog.End();
            }
        }
    }
}
