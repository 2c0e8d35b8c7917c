using System.Diagnostics;
using System.Text.Json.Nodes;
using Sightline.IO;
using Sightline.Training.Checkpointing;
using Sightline.Training.Cli.Launch;
using Xunit;

namespace Sightline.Training.Cli.Tests.Launch;

/// <summary><c>sightline-train launch</c>: ranks as a user starts them, kills them and goes on with another number.</summary>
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
        SkipWithoutMpi();
        string[] rest = [_run.File, "--output_dir", _run["out"], "--save_steps", "2", "--logging_steps", "2", "--evaluation_strategy", "steps", "--eval_steps", "2"];
        var (two, output, error) = await TrainCommand.RunAsync(["launch", "--nproc", "2", .. rest, "--max_steps", "2"]);
        Assert.True(two == 0, error);
        Assert.Contains("2 ranks over", output, StringComparison.Ordinal);
        Assert.Single(output.Split('\n'), line => line.Contains("Done after 2 steps", StringComparison.Ordinal));
        var card = File.ReadAllText(Path.Combine(_run["out"], "README.md"));
        foreach (var line in new[] { "- distributed_type: multi-GPU", "- num_devices: 2", "- total_train_batch_size: 16", "- total_eval_batch_size: 16" })
            Assert.Contains(line, card, StringComparison.Ordinal);
        Assert.Contains("2 ranks over", File.ReadAllText(Path.Combine(_run["out"], "HONEST_CARD.md")), StringComparison.Ordinal);

        var (four, fourOutput, fourError) = await TrainCommand.RunAsync(["launch", "--nproc", "4", .. rest, "--max_steps", "4", "--resume_from_checkpoint"]);
        Assert.True(four == 0, fourError);
        Assert.Contains("saved by 2 ranks and goes on with 4 ranks", fourOutput, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_run["out"], "checkpoint-4", "rng_state_3.pth")));
        Assert.Contains("- num_devices: 4", File.ReadAllText(Path.Combine(_run["out"], "README.md")), StringComparison.Ordinal);
        var (one, _, oneError) = await TrainCommand.RunAsync(["run", .. rest, "--max_steps", "6", "--resume_from_checkpoint"]);
        Assert.True(one == 0, oneError);
        Assert.DoesNotContain("num_devices", File.ReadAllText(Path.Combine(_run["out"], "README.md")), StringComparison.Ordinal);
        var state = JsonFile.ReadObject(Path.Combine(_run["out"], "trainer_state.json"));
        Assert.Equal((6, 6), ((int)state["global_step"]!, (int)state["max_steps"]!));
        Assert.Equal([2, 4, 6], state["log_history"]!.AsArray().Where(row => row!["eval_loss"] is not null).Select(row => (int)row!["step"]!).Distinct());
    }

    [Theory]
    [InlineData("mpirun.openmpi")]
    [InlineData("mpirun.mpich")]
    public async Task Launch_RankKilled_JobEndsWholeAndResumesToTheBit(string mpirun)
    {
        SkipWithoutMpi(mpirun);
        string[] steps = ["--mpirun", mpirun, "--max_steps", "100", "--save_steps", "10"]; // enough to be still there when it is killed
        var (straight, _, error) = await TrainCommand.RunAsync([.. Launch(2, "straight"), .. steps]);
        Assert.True(straight == 0, error);
        await KillAfter("killed", 2, 10, steps);
        Assert.False(File.Exists(Path.Combine(_run["killed"], "pytorch_model.bin")));
        var (resumed, output, resumeError) = await TrainCommand.RunAsync([.. Launch(2, "killed"), .. steps, "--resume_from_checkpoint", "auto"]);
        Assert.True(resumed == 0, resumeError);
        Assert.Contains("going on after step", output, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(Path.Combine(_run["straight"], "pytorch_model.bin")), File.ReadAllBytes(Path.Combine(_run["killed"], "pytorch_model.bin")));
    }

    [Fact]
    public async Task Launch_TwoThenFourThenOneAllKilledButTheLast_FinishTheEpochs()
    {
        SkipWithoutMpi();
        string[] epochs = ["--num_train_epochs", "20", "--max_steps", "-1"];
        await KillAfter("out", 2, 10, epochs); // 4 steps an epoch: 2 epochs and half of the third
        await KillAfter("out", 4, 15, [.. epochs, "--resume_from_checkpoint", Path.Combine(_run["out"], "checkpoint-10")]); // 2 an epoch: to the end of the fifth
        var (exitCode, output, error) = await TrainCommand.RunAsync(["run", _run.File, "--output_dir", _run["out"], .. epochs, "--save_steps", "200", "--resume_from_checkpoint", Path.Combine(_run["out"], "checkpoint-15")]);
        Assert.True(exitCode == 0, error);
        Assert.Contains("saved by 4 ranks and goes on with 1 rank", output, StringComparison.Ordinal);
        Assert.Contains("Done after 135 steps", output, StringComparison.Ordinal); // 8 for each of the other 15 epochs
        var state = JsonFile.ReadObject(Path.Combine(_run["out"], "trainer_state.json"));
        Assert.Equal(20.0, (double)state["epoch"]!);
        var rates = state["log_history"]!.AsArray().Where(row => row!["learning_rate"] is not null).Select(row => ((double)row!["epoch"]!, (double)row["learning_rate"]!)).ToList();
        Assert.All(rates, row => Assert.Equal(0.001 * (1 - (row.Item1 / 20)), row.Item2, 0.001 / 40)); // the rate falls with the epochs, whoever takes the steps
        Assert.True(rates.Count > 20);
    }

    [Fact]
    public async Task Launch_WrongRunFile_IsOneJobsEnd()
    {
        SkipWithoutMpi();
        _run.Write(run => run["data"]!["train"] = "shapes/annotations/none.json");
        var (exitCode, _, error) = await TrainCommand.RunAsync("launch", "--nproc", "2", _run.File, "--output_dir", _run["out"]);
        Assert.NotEqual(0, exitCode);
        Assert.Contains("none.json", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_RanksThatNoMpiKnows_SaysHowToStart()
    {
        SkipWithoutMpi();
        var (exitCode, _, error) = await TrainCommand.RunAsync(new Dictionary<string, string> { ["RANK"] = "0", ["WORLD_SIZE"] = "2" }, "run", _run.File, "--output_dir", _run["out"]);
        Assert.Equal(1, exitCode);
        Assert.Contains("torchrun calls this process rank 0 of 2", error, StringComparison.Ordinal);
        Assert.Contains("sightline-train launch", error, StringComparison.Ordinal);
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

    private static void SkipWithoutMpi(string? mpirun = null)
    {
        try
        {
            _ = MpiLauncher.Find(mpirun);
        }
        catch (SightlineException e)
        {
            Assert.Skip(e.Message);
        }
    }

    private string[] Launch(int count, string output) => ["launch", "--nproc", $"{count}", _run.File, "--output_dir", _run[output], "--threads", "1"];

    // Kills a rank once a checkpoint is there, and checks that the job is gone and nothing half-written is taken for a checkpoint.
    private async Task KillAfter(string output, int count, int step, params string[] arguments)
    {
        using var launcher = TrainCommand.Start([.. Launch(count, output), "--json", .. arguments]);
        var error = launcher.StandardError.ReadToEndAsync();
        var saved = false;
        while (!saved && await launcher.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            saved = line.StartsWith('{') && JsonNode.Parse(line) is { } parsed && (string)parsed["event"]! == "saved" && ((string)parsed["checkpoint"]!).EndsWith($"-{step}", StringComparison.Ordinal);
        if (!saved)
            Assert.Fail(await error);
        var ranks = Ranks(_run[output]);
        Assert.Equal(count, ranks.Count);
        var clock = Stopwatch.StartNew();
        using (var rank = Process.GetProcessById(ranks[^1]))
            rank.Kill();
        _ = launcher.StandardOutput.ReadToEndAsync();
        await launcher.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.NotEqual(0, launcher.ExitCode);
        while (Ranks(_run[output]).Count > 0 && clock.Elapsed < TimeSpan.FromSeconds(20))
            await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.Empty(Ranks(_run[output]));
        Assert.Equal(count, Directory.EnumerateFiles(CheckpointFolders.PathOf(_run[output], step), "rng_state_*.pth").Count());
        foreach (var folder in CheckpointFolders.List(_run[output]))
        {
            using var model = Modeling.TrainableModel.Load(folder);
            Assert.True(File.Exists(Path.Combine(folder, "optimizer.pt")));
        }
    }

    // Ranks are dotnet; mpirun's command line names their arguments too.
    private static List<int> Ranks(string output)
    {
        var ranks = new List<int>();
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), out _)))
        {
            try
            {
                var command = File.ReadAllText(Path.Combine(folder, "cmdline")).Split('\0');
                if (Path.GetFileName(command[0]) == "dotnet" && command.Contains("run") && command.Contains(output))
                    ranks.Add(int.Parse(Path.GetFileName(folder), null));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has just ended.
            }
        }

        return [.. ranks.Order()];
    }
}
