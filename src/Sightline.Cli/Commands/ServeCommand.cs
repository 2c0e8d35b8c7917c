using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Sightline.Cli.Commands;

/// <summary><c>sightline serve</c>: starts <c>sightline-server</c>, which ships apart so that this command stays small.</summary>
internal static class ServeCommand
{
    private const string Server = "sightline-server";
    private const int Sigterm = 15;

    public static Command Create()
    {
        var arguments = new Argument<string[]>("options") { Description = "Options of sightline-server; 'sightline-server --help' lists them.", Arity = ArgumentArity.ZeroOrMore };
        var verb = new Verb("serve", "Serve captions on this machine: a page for people, APIs for programs.")
        {
            TreatUnmatchedTokensAsErrors = false, // the server judges its options
            Notes = """
                Examples:
                  sightline serve --model path/to/model
                  sightline serve --model path/to/model --urls http://127.0.0.1:9000 --max-queue 32

                This starts sightline-server, which is installed apart: dotnet tool install sightline.server.
                """,
        };
        verb.Add(arguments);
        verb.Run((result, _, cancellationToken) => RunAsync(
            Find() ?? throw new SightlineException($"{Server} is not installed; it was looked for beside this command and on the PATH. Install it: dotnet tool install --global Sightline.Server."),
            [.. result.Tokens.Skip(1).Select(token => token.Value)],
            cancellationToken));
        return verb;
    }

    // Beside this command, where tools and packages put both, or on the PATH.
    private static string? Find()
    {
        var name = OperatingSystem.IsWindows() ? $"{Server}.exe" : Server;
        return new[] { AppContext.BaseDirectory, Path.GetDirectoryName(Environment.ProcessPath) ?? "" }
            .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator))
            .Where(folder => folder.Length > 0)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
    }

    private static async Task<int> RunAsync(string server, string[] arguments, CancellationToken cancellationToken)
    {
        using var process = Start(server, arguments);
        // Ctrl-C reaches both processes; a request to end reaches this one alone and is passed on. The server drains, and its end is waited for.
        using var stop = cancellationToken.Register(() =>
        {
            if (OperatingSystem.IsWindows())
                process.CloseMainWindow();
            else if (!process.HasExited)
                _ = Kill(process.Id, Sigterm);
        });
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode;
    }

    private static Process Start(string server, string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(server, arguments) { UseShellExecute = false })!;
        }
        catch (Win32Exception e)
        {
            throw new SightlineException($"{server}: cannot be started ({e.Message}).", e);
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);
}
