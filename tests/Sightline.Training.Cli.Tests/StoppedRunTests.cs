using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Sightline.Training.Checkpointing;
using Xunit;

namespace Sightline.Training.Cli.Tests;

/// <summary>Runs that do not come to their end at once: killed, or stopped by Ctrl-C.</summary>
public sealed class StoppedRunTests : IDisposable
{
    private readonly ShapesRun _run = new();

    public void Dispose() => _run.Dispose();

    [Fact]
    public async Task Run_KilledAndResumed_GivesTheBytesOfAStraightRun()
    {
        var (straight, _, error) = await TrainCommand.RunAsync("run", _run.File, "--output_dir", _run["straight"]);
        Assert.True(straight == 0, error);
        using (var process = TrainCommand.Start("run", _run.File, "--output_dir", _run["killed"], "--json"))
        {
            await WaitFor(process, line => line["event"]!.GetValue<string>() == "saved" && line["checkpoint"]!.GetValue<string>().EndsWith("-10", StringComparison.Ordinal));
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.NotEqual(0, process.ExitCode);
        }

        Assert.False(File.Exists(Path.Combine(_run["killed"], "pytorch_model.bin")));
        var (resumed, output, resumeError) = await TrainCommand.RunAsync("run", Path.Combine(_run["killed"], "run.json"), "--resume_from_checkpoint");
        Assert.True(resumed == 0, resumeError);
        Assert.Contains("going on after step", output, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(Path.Combine(_run["straight"], "pytorch_model.bin")), File.ReadAllBytes(Path.Combine(_run["killed"], "pytorch_model.bin")));
    }

    [Fact]
    public async Task Run_Interrupted_SavesAndCanGoOn()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are sent with kill");
        int stoppedAt;
        using (var process = TrainCommand.Start("run", _run.File, "--output_dir", _run["out"], "--json", "--max_steps", "100000", "--save_strategy", "no", "--logging_steps", "1"))
        {
            await WaitFor(process, line => line["event"]!.GetValue<string>() == "log");
            await Interrupt(process);
            var stopped = await WaitFor(process, line => line["event"]!.GetValue<string>() == "stopped");
            stoppedAt = stopped["step"]!.GetValue<int>();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(130, process.ExitCode);
        }

        Assert.True(File.Exists(Path.Combine(_run["out"], $"checkpoint-{stoppedAt}", "optimizer.pt")));
        Assert.False(File.Exists(Path.Combine(_run["out"], "train_results.json")));
        var (resumed, output, error) = await TrainCommand.RunAsync("run", _run.File, "--output_dir", _run["out"], "--max_steps", $"{stoppedAt + 2}", "--resume_from_checkpoint");
        Assert.True(resumed == 0, error);
        Assert.Contains($"going on after step {stoppedAt}", output, StringComparison.Ordinal);
        Assert.Contains($"Done after {stoppedAt + 2} steps", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_InterruptedTwice_StopsAtOnceAndTheLastCheckpointIsWhole()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are sent with kill");
        _run.Write(UseSlowModel); // an update must last longer than the two signals take
        int saved;
        using (var process = TrainCommand.Start("run", _run.File, "--output_dir", _run["out"], "--json", "--save_steps", "1"))
        {
            var checkpoint = await WaitFor(process, line => line["event"]!.GetValue<string>() == "saved");
            saved = int.Parse(checkpoint["checkpoint"]!.GetValue<string>().Split('-')[^1], CultureInfo.InvariantCulture);
            await Interrupt(process);
            Assert.Contains("once more stops at once", await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
            await Interrupt(process);
            var rest = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(130, process.ExitCode);
            Assert.DoesNotContain("\"stopped\"", rest, StringComparison.Ordinal);
            Assert.DoesNotContain("\"saved\"", rest, StringComparison.Ordinal);
            Assert.Empty(await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        }

        Assert.Equal(Path.Combine(_run["out"], $"checkpoint-{saved}"), CheckpointFolders.FindLast(_run["out"]));
        var (resumed, output, error) = await TrainCommand.RunAsync("run", _run.File, "--output_dir", _run["out"], "--max_steps", $"{saved + 1}", "--resume_from_checkpoint");
        Assert.True(resumed == 0, error);
        Assert.Contains($"going on after step {saved}", output, StringComparison.Ordinal);
    }

    private static void UseSlowModel(JsonObject run)
    {
        var encoder = run["model"]!["config"]!["encoder"]!;
        (encoder["hidden_size"], encoder["num_hidden_layers"], encoder["num_attention_heads"]) = (192, 6, 4);
        (encoder["intermediate_size"], encoder["image_size"], encoder["patch_size"]) = (768, 192, 12);
        (run["training"]!["per_device_train_batch_size"], run["training"]!["gradient_accumulation_steps"], run["training"]!["max_steps"]) = (8, 8, 1000);
    }

    private static async Task Interrupt(Process process)
    {
        using var kill = Process.Start("kill", ["-INT", $"{process.Id}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<JsonObject> WaitFor(Process process, Func<JsonObject, bool> isIt)
    {
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (JsonNode.Parse(line) is JsonObject parsed && isIt(parsed))
                return parsed;
        }

        throw new InvalidOperationException($"the process ended before that: {await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)}");
    }
}
