using System.CommandLine;
using System.Runtime.InteropServices;

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
            foreach (var message in parsed.Errors.Select(error => error.Message).Distinct())
                Complain(message);
            return WrongUsage;
        }

        using var cancellation = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, cancellation.Token);
        }
        catch (OperationCanceledException)
        {
            Complain("stopped.");
            return Stopped;
        }
        catch (UsageException e)
        {
            Complain(e.Message);
            return WrongUsage;
        }
        catch (Exception e)
        {
            Complain(Words(e));
            if (parsed.GetValue(s_verbose))
                await Console.Error.WriteLineAsync(e.ToString());
            return Failed;
        }

        // The first signal lets the work end cleanly, a second one ends the process at once.
        void Stop(PosixSignalContext signal)
        {
            if (cancellation.IsCancellationRequested)
                return;
            signal.Cancel = true;
            Complain("stopping; once more stops at once.");
            cancellation.Cancel();
        }
    }

    /// <summary>What is said of an error.</summary>
    public static string Words(Exception e) =>
        e is SightlineException or IOException or UnauthorizedAccessException ? e.Message : $"unexpected error: {e.Message} Use --verbose and report it.";

    /// <summary>Says one line on stderr.</summary>
    public static void Complain(string message) => Console.Error.WriteLine($"sightline-train: {message.ReplaceLineEndings(" ")}");
}
