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
        if (Console.IsErrorRedirected || steps < 2)
            return work(static () => { });
        // Said to be interactive, because what counts is the error stream, which is a terminal here, and not where the input comes from.
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error), Interactive = InteractionSupport.Yes });
        if (!console.Profile.Capabilities.Ansi)
            return work(static () => { });
        return console.Progress().AutoClear(true).StartAsync(async context =>
        {
            var task = context.AddTask(what, maxValue: steps);
            terminal.AboveProgress = line => console.Write(new Line(line));
            try
            {
                await work(() => task.Increment(1));
            }
            finally
            {
                terminal.AboveProgress = null;
            }
        });
    }

    /// <summary>Text as it is: not wrapped and not read as markup.</summary>
    private sealed class Line(string text) : Renderable
    {
        protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => [new Segment(text), Segment.LineBreak];
    }
}
