using System.Diagnostics;
using System.Text;
using Sightline.Tests;

namespace Sightline.Cli.Tests;

/// <summary>Runs the built command as a process of its own, as a user does.</summary>
internal static class Command
{
    /// <summary>The command's assembly, run by <c>dotnet</c>.</summary>
    public static string Assembly { get; } = Path.Combine(AppContext.BaseDirectory, "Sightline.Cli.dll");

    /// <summary>Runs <c>sightline</c> with these arguments.</summary>
    public static Task<CommandResult> RunAsync(params string[] arguments) => RunAsync(arguments, folder: null, input: null);

    /// <summary>Runs <c>sightline</c> in a folder, with bytes on its standard input.</summary>
    public static async Task<CommandResult> RunAsync(string[] arguments, string? folder, byte[]? input)
    {
        using var process = Start(arguments, folder);
        if (input is not null)
            await process.StandardInput.BaseStream.WriteAsync(input);
        process.StandardInput.Close();
        return await FinishAsync(process);
    }

    /// <summary>Runs <c>sightline</c> with variables of its environment.</summary>
    public static async Task<CommandResult> RunAsync(IReadOnlyDictionary<string, string?> environment, params string[] arguments)
    {
        using var process = Start(arguments, null, environment);
        process.StandardInput.Close();
        return await FinishAsync(process);
    }

    /// <summary>Starts <c>sightline</c>; its standard input stays open.</summary>
    public static Process Start(string[] arguments, string? folder = null, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet", [Assembly, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            WorkingDirectory = folder ?? Fixture.Root,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>Waits for the end of a process and gives what it wrote.</summary>
    public static async Task<CommandResult> FinishAsync(Process process)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        var output = process.StandardOutput.ReadToEndAsync(patience.Token);
        var error = process.StandardError.ReadToEndAsync(patience.Token);
        await process.WaitForExitAsync(patience.Token);
        return new CommandResult(process.ExitCode, await output, await error);
    }
}
