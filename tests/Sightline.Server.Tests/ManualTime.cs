namespace Sightline.Server.Tests;

/// <summary>A clock that stands still: its timers end when a test says so.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly TaskCompletionSource<Timer> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How long the first timer was to run, as soon as somebody waits on this clock.</summary>
    public async Task<TimeSpan> WaitedForAsync() => (await _first.Task.WaitAsync(TimeSpan.FromSeconds(30))).DueTime;

    /// <summary>Whether nobody has waited on this clock.</summary>
    public bool IsUntouched => !_first.Task.IsCompleted;

    /// <summary>Ends the first timer.</summary>
    public async Task EndWaitAsync() => (await _first.Task.WaitAsync(TimeSpan.FromSeconds(30))).End();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(callback, state, dueTime);
        _first.TrySetResult(timer);
        return timer;
    }

    private sealed class Timer(TimerCallback callback, object? state, TimeSpan dueTime) : ITimer
    {
        public TimeSpan DueTime => dueTime;

        public void End() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
