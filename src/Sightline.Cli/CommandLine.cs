using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;
using Sightline.Cli.Output;
using Sightline.Metrics;

namespace Sightline.Cli;

/// <summary>Parses the command line, runs a verb and turns whatever happens into one line and an exit code.</summary>
internal static class CommandLine
{
    /// <summary>Given to every verb: show the stack trace of an error.</summary>
    public static Option<bool> Verbose { get; } = new("--verbose") { Description = "Show technical details of an error.", Recursive = true };

    /// <summary>Runs the verb that <paramref name="args"/> names.</summary>
    /// <param name="root">The verbs.</param>
    /// <param name="args">The command line.</param>
    /// <param name="program">What users type to start this program.</param>
    public static async Task<int> RunAsync(RootCommand root, string[] args, string program = "sightline")
    {
        root.Options.Add(Verbose);
        root.Directives.Clear(); // "[debug].jpg" is a picture
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new ExamplesHelp((SynchronousCommandLineAction)help.Action!);
        var terminal = Terminal.Current;
        var result = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null }); // "@home.jpg" is one, too
        var messages = UsageErrors(result);
        if (messages.Count > 0)
            return ReportUsage(terminal, result, messages, program);
        var interrupted = ExitCode.Interrupted;
        using var cancellation = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Stop(signal, ExitCode.Interrupted));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Stop(signal, ExitCode.Terminated));
        try
        {
            var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null, Output = terminal.Output, Error = terminal.Error };
            return await result.InvokeAsync(configuration, cancellation.Token);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            terminal.WriteError("sightline: stopped.");
            return interrupted;
        }
        catch (UsageException e)
        {
            terminal.WriteError($"sightline: {e.Message}");
            return ExitCode.WrongUsage;
        }
        catch (OutputException e) when (e.IsPipeClosed)
        {
            return ExitCode.PipeClosed;
        }
        catch (Exception e)
        {
            ReportFailure(terminal, e, result.GetValue(Verbose));
            return ExitCode.Failed;
        }

        // The first signal asks the verb to stop at its next token or file; a second one ends the process at once.
        void Stop(PosixSignalContext signal, int exitCode)
        {
            if (cancellation.IsCancellationRequested)
                return;
            signal.Cancel = true;
            interrupted = exitCode;
            cancellation.Cancel();
        }
    }

    private static List<string> UsageErrors(ParseResult result)
    {
        if (result.Errors.Count > 0 && result.CommandResult.Command is RootCommand root)
            return [$"{(result.UnmatchedTokens is [var first, ..] ? $"'{first}' is not a command; " : "")}a command was expected: {string.Join(", ", root.Subcommands.Select(verb => verb.Name))}."];
        if (result.Action is ExamplesHelp)
            return [];
        if (!result.CommandResult.Command.TreatUnmatchedTokensAsErrors)
            return []; // they are another program's
        if (result.Tokens.Any(token => token.Value.Length == 0))
            return ["an argument is empty; is a variable of the shell not set?"];
        var unknown = UnknownOptions(result).Select(option => $"{option} is not an option of '{result.CommandResult.Command.Name}'.").ToList();
        return unknown.Count > 0 ? unknown : [.. result.Errors.Select(error => error.Message).Distinct()];
    }

    // The parser takes an option it does not know for an argument. What follows "--" is one, whatever it looks like.
    private static IEnumerable<string> UnknownOptions(ParseResult result)
    {
        var afterDashes = result.Tokens.SkipWhile(token => token.Type != TokenType.DoubleDash).Skip(1).Count();
        return result.CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(argument => argument.Tokens)
            .Select(token => token.Value)
            .SkipLast(afterDashes)
            .Concat(result.UnmatchedTokens)
            .Where(value => value.Length > 1 && value[0] == '-');
    }

    private static int ReportUsage(Terminal terminal, ParseResult result, List<string> messages, string program)
    {
        foreach (var message in messages)
            terminal.WriteError($"sightline: {message}");
        var command = result.CommandResult.Command is RootCommand ? program : $"{program} {result.CommandResult.Command.Name}";
        terminal.WriteError($"sightline: '{command} --help' explains the command.");
        return ExitCode.WrongUsage;
    }

    private static void ReportFailure(Terminal terminal, Exception e, bool verbose)
    {
        terminal.WriteError(e is SightlineException or MetricsException ? $"sightline: {e.Message}" : $"sightline: unexpected error: {e.GetType().Name}: {e.Message} (--verbose shows the details)");
        if (verbose)
            terminal.Error.WriteLine(e);
    }
}
