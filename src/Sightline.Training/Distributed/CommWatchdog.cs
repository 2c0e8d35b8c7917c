using System.Globalization;

namespace Sightline.Training.Distributed;

/// <summary>Ends a rank that has waited too long for the others, so that a stuck rank does not hold a whole job until its time is over.</summary>
internal sealed class CommWatchdog : IDisposable
{
    private readonly TimeSpan _timeout;
    private readonly Action<string> _expired;
    private readonly Timer _timer;
    private volatile string _what = "";
    private long _deadline = long.MaxValue;

    /// <param name="timeout">How long one call may take; zero: for ever.</param>
    /// <param name="rank">Names this process.</param>
    /// <param name="expired">Gets the message; by default it goes to stderr and the process ends with exit code 75.</param>
    public CommWatchdog(TimeSpan timeout, string rank, Action<string>? expired = null)
    {
        _timeout = timeout;
        _expired = expired ?? End;
        var period = TimeSpan.FromMilliseconds(Math.Clamp(timeout.TotalMilliseconds / 10, 50, 1000));
        _timer = new Timer(_ => Check(rank), null, period, period);
    }

    /// <summary>A call begins.</summary>
    public void Begin(string what)
    {
        _what = what;
        Volatile.Write(ref _deadline, _timeout == TimeSpan.Zero ? long.MaxValue : Environment.TickCount64 + (long)_timeout.TotalMilliseconds);
    }

    /// <summary>It is over.</summary>
    public void End() => Volatile.Write(ref _deadline, long.MaxValue);

    public void Dispose() => _timer.Dispose();

    private void Check(string rank)
    {
        if (Environment.TickCount64 < Volatile.Read(ref _deadline))
            return;
        End();
        _expired(string.Create(
            CultureInfo.InvariantCulture,
            $"{rank} has waited {_timeout.TotalSeconds:0.#} s in {_what}: another rank is stuck, slow or gone. Look at its output; ddp_timeout sets how long to wait. Resume from the last checkpoint."));
    }

    private static void End(string message)
    {
        Console.Error.WriteLine($"sightline-train: {message}");
        ProcessEnd.Now(ProcessEnd.TemporaryFailure);
    }
}
