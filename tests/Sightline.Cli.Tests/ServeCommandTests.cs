using System.Diagnostics;
using Xunit;

namespace Sightline.Cli.Tests;

public sealed class ServeCommandTests
{
    [Fact]
    public async Task Server_NotInstalled_IsOneLine()
    {
        using var process = Start("");
        var result = await Command.FinishAsync(process);
        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith("sightline: sightline-server is not installed", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.Contains("dotnet tool install", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_OnThePath_GetsTheOptionsAndItsEndCounts()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("The stand-in for the server is a shell script.");
        using var folder = new TemporaryFolder();
        WriteServer(folder, "#!/bin/sh\necho \"$@\"\nexit 7\n");
        using var process = Start(folder.Root, "--model", "a folder", "--max-queue=3", "--bogus");
        var result = await Command.FinishAsync(process);
        Assert.Equal(7, result.ExitCode);
        Assert.Equal(["--model a folder --max-queue=3 --bogus"], result.Lines);
        Assert.Empty(result.Error);
    }

    [Fact]
    public async Task Termination_IsPassedOnAndWaitedFor()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("Windows has no SIGTERM.");
        using var folder = new TemporaryFolder();
        WriteServer(folder, "#!/bin/sh\ntrap 'echo drained; exit 0' TERM\necho started\nwhile :; do sleep 0.1; done\n");
        using var process = Start(folder.Root, "--model", "m");
        Assert.Equal("started", await process.StandardOutput.ReadLineAsync());
        using (var kill = Process.Start("kill", [$"{process.Id}"]))
            await kill.WaitForExitAsync();
        var result = await Command.FinishAsync(process);
        Assert.Equal((0, "drained\n"), (result.ExitCode, result.Output));
    }

    private static Process Start(string path, params string[] options)
    {
        var dotnet = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet")).First(File.Exists);
        return Process.Start(new ProcessStartInfo(dotnet, [Command.Assembly, "serve", .. options])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["PATH"] = OperatingSystem.IsWindows() ? path : $"{path}:/usr/bin:/bin" },
        })!;
    }

    private static void WriteServer(TemporaryFolder folder, string script)
    {
        File.WriteAllText(folder.At("sightline-server"), script);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder.At("sightline-server"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
