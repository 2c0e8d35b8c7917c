using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Sightline.Cli.Commands;

/// <summary>A program that ships apart, so that this command stays small: found, started, and waited for.</summary>
internal static class InstalledProgram
{
    private const int Sigterm = 15;

    /// <summary>Runs the program; its exit code is the result. A request to end is passed on.</summary>
    /// <param name="program">Its name, e.g. <c>sightline-server</c>.</param>
    /// <param name="package">The package that installs it.</param>
    /// <param name="arguments">Its options.</param>
    /// <param name="cancellationToken">The request to end.</param>
    /// <exception cref="SightlineException">It is not installed or cannot be started.</exception>
    public static async Task<int> RunAsync(string program, string package, string[] arguments, CancellationToken cancellationToken)
    {
        var path = Find(program) ?? throw new SightlineException($"{program} is not installed; it was looked for beside this command and on the PATH. Install it: dotnet tool install --global {package}.");
        using var process = Start(path, arguments);
        // Ctrl-C reaches both processes; a request to end reaches this one alone and is passed on. The program finishes what it has, and its end is waited for.
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

    // Beside this command, where tools and packages put both, or on the PATH.
    private static string? Find(string program)
    {
        var name = OperatingSystem.IsWindows() ? $"{program}.exe" : program;
        return new[] { AppContext.BaseDirectory, Path.GetDirectoryName(Environment.ProcessPath) ?? "" }
            .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator))
            .Where(folder => folder.Length > 0)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
    }

    private static Process Start(string path, string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(path, arguments) { UseShellExecute = false })!;
        }
        catch (Win32Exception e)
        {
            throw new SightlineException($"{path}: cannot be started ({e.Message}).", e);
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);
}
