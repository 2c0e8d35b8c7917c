using System.Diagnostics;
using Sightline.IO;
using Sightline.Training.Cli.Launch;
using Xunit;

namespace Sightline.Training.Cli.Tests.Launch;

public sealed class LaunchTests : IDisposable
{
    private readonly ShapesRun _run = new();

    public void Dispose() => _run.Dispose();

    [Fact]
    public async Task Launch_NoMpirun_SaysWhatToInstall()
    {
        var (exitCode, output, error) = await TrainCommand.RunAsync("launch", "--nproc", "2", "--mpirun", "no-such-mpirun", _run.File, "--output_dir", _run["out"]);
        Assert.Equal((1, ""), (exitCode, output));
        Assert.Equal("sightline-train: no-such-mpirun was not found; ranks on a CPU need an MPI: apt install openmpi-bin (Debian, Ubuntu), dnf install openmpi (Fedora), brew install open-mpi (macOS).", error.TrimEnd());
        Assert.False(Directory.Exists(_run["out"]));
    }

    [Fact]
    public async Task Launch_NoProcesses_IsRefused()
    {
        var (exitCode, _, error) = await TrainCommand.RunAsync("launch", "--nproc", "0", _run.File);
        Assert.Equal((2, "sightline-train: --nproc is 0; at least 1 was expected."), (exitCode, error.TrimEnd()));
    }

    [Fact]
    public async Task Launch_TwoThenFourThenOne_GoOnAndSayHowManyTheyAre()
    {
        var mpirun = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "mpirun")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(mpirun is null, "mpirun is not on PATH; apt install openmpi-bin (Debian, Ubuntu).");
        string[] rest = [_run.File, "--output_dir", _run["out"], "--save_steps", "2", "--logging_steps", "2", "--evaluation_strategy", "steps", "--eval_steps", "2"];
        var (two, output, error) = await TrainCommand.RunAsync(["launch", "--nproc", "2", .. rest, "--max_steps", "2"]);
        Assert.True(two == 0, error);
        Assert.Contains("2 ranks over", output, StringComparison.Ordinal);
        Assert.Single(output.Split('\n'), line => line.Contains("Done after 2 steps", StringComparison.Ordinal));
        var card = File.ReadAllText(Path.Combine(_run["out"], "README.md"));
        foreach (var line in new[] { "- distributed_type: multi-GPU", "- num_devices: 2", "- total_train_batch_size: 16", "- total_eval_batch_size: 16" })
            Assert.Contains(line, card, StringComparison.Ordinal);
        Assert.Contains("2 ranks over", File.ReadAllText(Path.Combine(_run["out"], "HONEST_CARD.md")), StringComparison.Ordinal);

        var (four, _, fourError) = await TrainCommand.RunAsync(["launch", "--nproc", "4", .. rest, "--max_steps", "4", "--resume_from_checkpoint"]);
        Assert.True(four == 0, fourError);
        Assert.True(File.Exists(Path.Combine(_run["out"], "checkpoint-4", "rng_state_3.pth")));
        Assert.Contains("- num_devices: 4", File.ReadAllText(Path.Combine(_run["out"], "README.md")), StringComparison.Ordinal);
        var (one, _, oneError) = await TrainCommand.RunAsync(["run", .. rest, "--max_steps", "6", "--resume_from_checkpoint"]);
        Assert.True(one == 0, oneError);
        Assert.DoesNotContain("num_devices", File.ReadAllText(Path.Combine(_run["out"], "README.md")), StringComparison.Ordinal);
        var state = JsonFile.ReadObject(Path.Combine(_run["out"], "trainer_state.json"));
        Assert.Equal((6, 6), ((int)state["global_step"]!, (int)state["max_steps"]!));
        Assert.Equal([2, 4, 6], state["log_history"]!.AsArray().Where(row => row!["eval_loss"] is not null).Select(row => (int)row!["step"]!).Distinct());
    }

    [Fact]
    public async Task Launch_WrongRunFile_IsOneJobsEnd()
    {
        var mpirun = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "mpirun")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(mpirun is null, "mpirun is not on PATH; apt install openmpi-bin (Debian, Ubuntu).");
        _run.Write(run => run["data"]!["train"] = "shapes/annotations/none.json");
        var (exitCode, _, error) = await TrainCommand.RunAsync("launch", "--nproc", "2", _run.File, "--output_dir", _run["out"]);
        Assert.NotEqual(0, exitCode);
        Assert.Contains("none.json", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LocalLauncher_ARankFails_EndsTheOthersWithItsCode()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the ranks are shell scripts");
        var script = """echo "$LOCAL_RANK/$WORLD_SIZE $MASTER_ADDR" > "$0.$RANK"; [ "$RANK" = 1 ] && exit 7; exec sleep 60""";
        var clock = Stopwatch.StartNew();
        Assert.Equal(7, await new LocalLauncher(3, ["sh", "-c", script, _run["rank"]]).RunAsync(TestContext.Current.CancellationToken));
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(40));
        Assert.Equal("1/3 127.0.0.1", File.ReadAllText(_run["rank.1"]).Trim());
    }

    [Fact]
    public async Task Rank_LauncherGone_Ends()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a process cannot ask who started it");
        _run.Write(run => run["training"]!["max_steps"] = 1_000_000);
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "sightline-train.dll"), "run", _run.File, "--output_dir", _run["out"]]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[ParentWatch.Variable] = "1"; // not the process that starts it
        using var process = Process.Start(start)!;
        process.BeginOutputReadLine();
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((1, "sightline-train: the launcher is gone; this rank ends."), (process.ExitCode, error.Trim()));
    }
}
