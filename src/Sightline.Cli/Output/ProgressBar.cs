using Spectre.Console;
using Spectre.Console.Rendering;

namespace Sightline.Cli.Output;

/// <summary>A bar on the standard error stream that says how far the work is. Only on a terminal; never the only word about a result.</summary>
internal static class ProgressBar
{
    /// <summary>Runs the work with a bar, if a person can see it and there is more than one step.</summary>
    /// <param name="terminal">Lines written meanwhile appear above the bar.</param>
    /// <param name="what">What is done, e.g. <c>captions</c>.</param>
    /// <param name="steps">Number of steps.</param>
    /// <param name="work">Calls its argument after each step.</param>
    public static Task RunAsync(Terminal terminal, string what, int steps, Func<Action, Task> work)
    {
        if (steps < 2 || Open() is not { } console)
            return work(static () => { });
        return RunAsync(terminal, console, console.Progress(), async context =>
        {
            var task = context.AddTask(what, maxValue: steps);
            await work(() => task.Increment(1));
        });
    }

    /// <summary>Runs a download with a bar that shows bytes and speed, if a person can see it.</summary>
    /// <param name="terminal">Lines written meanwhile appear above the bar.</param>
    /// <param name="what">What is fetched.</param>
    /// <param name="work">Calls its argument with the bytes that are here and the bytes in all; gets null where no bar can be seen.</param>
    public static Task RunDownloadAsync(Terminal terminal, string what, Func<Action<long, long>?, Task> work)
    {
        if (Open() is not { } console)
            return work(null);
        var progress = console.Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new DownloadedColumn(), new TransferSpeedColumn());
        return RunAsync(terminal, console, progress, async context =>
        {
            var task = context.AddTask(Markup.Escape(what), maxValue: 1);
            await work((bytes, total) =>
            {
                task.MaxValue = Math.Max(total, 1);
                task.Value = bytes;
            });
        });
    }

    private static IAnsiConsole? Open()
    {
        if (Console.IsErrorRedirected)
            return null;
        // Said to be interactive, because what counts is the error stream, which is a terminal here, and not where the input comes from.
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error), Interactive = InteractionSupport.Yes });
        return console.Profile.Capabilities.Ansi ? console : null;
    }

    private static Task RunAsync(Terminal terminal, IAnsiConsole console, Progress progress, Func<ProgressContext, Task> work) =>
        progress.AutoClear(true).StartAsync(async context =>
        {
            terminal.AboveProgress = line => console.Write(new Line(line));
            try
            {
                await work(context);
            }
            finally
            {
                terminal.AboveProgress = null;
            }
        });

    /// <summary>Text as it is: not wrapped and not read as markup.</summary>
    private sealed class Line(string text) : Renderable
    {
        protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => [new Segment(text), Segment.LineBreak];
    }
}
