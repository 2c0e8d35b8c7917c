using System.Diagnostics;

namespace Sightline.Cli.Output;

/// <summary>
/// A bar on the standard error stream that says how far the work is. Only on a terminal; never the only word about a result. It is drawn over with
/// blanks instead of terminal commands, so that every terminal shows it.
/// </summary>
internal sealed class ProgressBar
{
    private const int Width = 30;
    private const int DefaultColumns = 80;
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly TextWriter _output;
    private readonly Func<int> _columns;
    private readonly Func<string> _text;
    private long _drawnAt;
    private int _drawn; // characters on the line

    /// <param name="output">A terminal.</param>
    /// <param name="columns">Its width; the bar is cut to it, since a line that wraps could not be drawn over.</param>
    /// <param name="text">What the bar says at the moment.</param>
    public ProgressBar(TextWriter output, Func<int> columns, Func<string> text)
    {
        _output = output;
        _columns = columns;
        _text = text;
    }

    /// <summary>Runs the work with a bar, if a person can see it and there is more than one step.</summary>
    /// <param name="terminal">Lines written meanwhile appear above the bar.</param>
    /// <param name="what">What is done, e.g. <c>captions</c>.</param>
    /// <param name="steps">How many steps there are.</param>
    /// <param name="work">Calls its argument after each step.</param>
    public static Task RunAsync(Terminal terminal, string what, int steps, Func<Action, Task> work)
    {
        if (steps < 2 || !IsVisible)
            return work(static () => { });
        var done = 0;
        var bar = new ProgressBar(terminal.Error, Columns, () => $"{what} {Bar(done, steps)} {done} of {steps}");
        return bar.RunAsync(terminal, () => work(() =>
        {
            Interlocked.Increment(ref done);
            bar.Refresh();
        }));
    }

    /// <summary>Runs a download with a bar that shows bytes and speed, if a person can see it.</summary>
    /// <param name="terminal">Lines written meanwhile appear above the bar.</param>
    /// <param name="what">What is fetched.</param>
    /// <param name="work">Calls its argument with the bytes that are here and the bytes in all; gets null where no bar can be seen.</param>
    public static Task RunDownloadAsync(Terminal terminal, string what, Func<Action<long, long>?, Task> work)
    {
        if (!IsVisible)
            return work(null);
        var (bytes, total, first) = (0L, 1L, -1L); // what was here already says nothing of the speed
        var clock = Stopwatch.StartNew();
        string Speed() => ByteSize.Show((long)((bytes - Math.Max(first, 0)) / Math.Max(clock.Elapsed.TotalSeconds, 0.1)));
        var bar = new ProgressBar(terminal.Error, Columns, () => $"{what} {Bar(bytes, total)} {ByteSize.Show(bytes)} of {ByteSize.Show(total)}, {Speed()}/s");
        return bar.RunAsync(terminal, () => work((here, inAll) =>
        {
            first = first < 0 ? here : first;
            (bytes, total) = (here, Math.Max(inAll, 1));
            bar.Refresh();
        }));
    }

    /// <summary>The bar itself: <c>[######----] 60 %</c>.</summary>
    public static string Bar(long done, long total)
    {
        var share = Math.Clamp((double)done / total, 0, 1);
        var full = (int)(share * Width);
        return $"[{new string('#', full)}{new string('-', Width - full)}] {(int)(share * 100),3} %";
    }

    /// <summary>Draws the bar over what stands there.</summary>
    public void Draw() => Write("");

    /// <summary>Draws the bar, unless it was drawn just now.</summary>
    public void Refresh()
    {
        if (Stopwatch.GetElapsedTime(Volatile.Read(ref _drawnAt)) >= s_interval)
            Draw();
    }

    /// <summary>Puts a line above the bar.</summary>
    public void WriteAbove(string line)
    {
        lock (_lock)
        {
            Clear();
            Write(line + "\n");
        }
    }

    /// <summary>Takes the bar away.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _output.Write($"\r{new string(' ', _drawn)}\r");
            _drawn = 0;
        }
    }

    private void Write(string above)
    {
        lock (_lock)
        {
            var text = Terminal.OneLine(_text());
            text = text[..Math.Clamp(_columns() - 1, 0, text.Length)];
            var rest = new string(' ', Math.Max(_drawn - text.Length, 0));
            _output.Write($"\r{above}{text}{rest}{new string('\b', rest.Length)}");
            _drawn = text.Length;
            Volatile.Write(ref _drawnAt, Stopwatch.GetTimestamp());
        }
    }

    private async Task RunAsync(Terminal terminal, Func<Task> work)
    {
        terminal.AboveProgress = WriteAbove;
        Draw();
        try
        {
            await work();
            Draw(); // the end, however fast it came
        }
        finally
        {
            terminal.AboveProgress = null;
            Clear();
        }
    }

    private static bool IsVisible =>
        !Console.IsErrorRedirected && (OperatingSystem.IsWindows() || Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb"));

    private static int Columns()
    {
        try
        {
            return Console.WindowWidth is > 0 and var columns ? columns : DefaultColumns;
        }
        catch (Exception e) when (e is IOException or PlatformNotSupportedException)
        {
            return DefaultColumns;
        }
    }
}
