using System.CommandLine;

namespace Sightline.Training.Cli;

/// <summary>Runs a command line and turns errors into one line and an exit code: 0 done, 1 failed, 2 wrong usage, 130 stopped.</summary>
internal static class CommandRunner
{
    public const int Failed = 1;
    public const int WrongUsage = 2;
    public const int Stopped = 130;

    private static readonly Option<bool> s_verbose = new("--verbose") { Description = "Show where an error comes from.", Recursive = true };

    public static async Task<int> RunAsync(RootCommand root, string[] args)
    {
        root.Options.Add(s_verbose);
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
                await Console.Error.WriteLineAsync($"sightline-train: {error.Message}");
            return WrongUsage;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("sightline-train: stopped.");
            return Stopped;
        }
        catch (Exception e)
        {
            var known = e is SightlineException or IOException or UnauthorizedAccessException;
            await Console.Error.WriteLineAsync($"sightline-train: {(known ? e.Message : $"unexpected error: {e.Message} Use --verbose and report it.")}".ReplaceLineEndings(" "));
            if (parsed.GetValue(s_verbose))
                await Console.Error.WriteLineAsync(e.ToString());
            return Failed;
        }
    }
}
