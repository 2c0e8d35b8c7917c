using System.Diagnostics;
using System.Text.RegularExpressions;
using Xunit;

namespace Sightline.Training.Cli.Tests;

/// <summary>The line that a run keeps up to date on a terminal; util-linux's <c>script</c> makes the terminal.</summary>
public sealed class LiveLineTests : IDisposable
{
    private const string Script = "/usr/bin/script";
    private readonly ShapesRun _run = new();

    public void Dispose() => _run.Dispose();

    [Theory]
    [InlineData(200)]
    [InlineData(60)]
    public async Task Run_OnATerminal_KeepsOneLineUpToDate(int columns)
    {
        Assert.SkipWhen(!File.Exists(Script), "A terminal is made with the program script; install util-linux (Debian: bsdutils).");
        var shown = await OnATerminal(columns, "--max_steps 400 --logging_steps 200 --save_strategy no");
        var lines = Regex.Matches(shown, @"\r(step [^\r\n]*)").Select(match => match.Groups[1].Value.TrimEnd()).ToList();
        var live = lines.Where(line => line.StartsWith("step ", StringComparison.Ordinal) && !line.Contains("epoch", StringComparison.Ordinal)).ToList();
        Assert.True(live.Count >= 2, shown);
        Assert.All(live, line => Assert.InRange(line.Length, 1, columns - 1)); // a longer one would wrap and could not be taken back
        if (columns > 100)
            Assert.All(live, line => Assert.Matches(@"^step \d+ of 400, loss \d+\.\d{4}, lr [\d.E-]+, \d+\.\d images/s, (\d+ min )?\d+ s left$", line));
        var steps = live.Select(line => int.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(steps.Order(), steps);

        // Whole lines are written over the live one, which is cleared first, and nothing is left at the end.
        Assert.Matches(@"\r +\rstep 200 of 400, epoch [^\r\n]+left\.\r\n", shown);
        Assert.Contains("Done after 400 steps", shown, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"left *\r\n", shown);
    }

    [Theory]
    [InlineData("--json")]
    [InlineData("> lines.txt")]
    [InlineData("2> errors.txt")]
    public async Task Run_NotForEyes_HasNoLiveLine(string ending)
    {
        Assert.SkipWhen(!File.Exists(Script), "A terminal is made with the program script; install util-linux (Debian: bsdutils).");
        Assert.DoesNotMatch(@"\rstep ", await OnATerminal(200, $"--max_steps 400 --logging_steps 200 --save_strategy no {ending}"));
    }

    private async Task<string> OnATerminal(int columns, string arguments)
    {
        var line = $"stty cols {columns}; dotnet {Path.Combine(AppContext.BaseDirectory, "sightline-train.dll")} run {_run.File} --output_dir {_run["out"]} {arguments}";
        var start = new ProcessStartInfo(Script, ["-qec", line, "/dev/null"]) { RedirectStandardInput = true, RedirectStandardOutput = true, WorkingDirectory = _run["shapes"] };
        start.Environment["TERM"] = "xterm";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var shown = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, shown);
        return shown;
    }
}
