using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sightline.Training.Cli.Launch;

/// <summary>
/// Starts the ranks of one host with torchrun's variables, for GPUs: NCCL needs no launcher of its own. When one ends badly, the others are ended.
/// </summary>
/// <param name="count">Number of ranks.</param>
/// <param name="command">Program and arguments of each.</param>
internal sealed class LocalLauncher(int count, IReadOnlyList<string> command)
{
    /// <summary>Starts the ranks and waits for all.</summary>
    /// <param name="stop">Asks the ranks to stop, as Ctrl-C does.</param>
    /// <returns>0, or the exit code of the rank that ended badly first.</returns>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        var port = FreePort();
        var ranks = Enumerable.Range(0, count).Select(rank => Start(rank, port)).ToList();
        // The terminal signals the ranks itself; kill(1) does where only the launcher is signalled. A rank that is signalled twice ends at once.
        await using var signal = stop.Register(() => ranks.ForEach(Interrupt));
        var running = ranks.Select(Ended).ToList();
        var exitCode = 0;
        while (running.Count > 0)
        {
            var ended = await Task.WhenAny(running);
            running.Remove(ended);
            var (rank, code) = await ended;
            if (code == 0 || exitCode != 0)
                continue;
            exitCode = code;
            if (stop.IsCancellationRequested)
                continue; // they are stopping
            CommandRunner.Complain($"rank {rank} ended with exit code {code}; the others are ended.");
            foreach (var other in ranks.Where(other => !other.HasExited))
                other.Kill(entireProcessTree: true);
        }

        ranks.ForEach(rank => rank.Dispose());
        return exitCode;

        async Task<(int Rank, int Code)> Ended(Process process, int rank)
        {
            await process.WaitForExitAsync(CancellationToken.None);
            return (rank, process.ExitCode);
        }
    }

    private static void Interrupt(Process process)
    {
        if (OperatingSystem.IsWindows() || process.HasExited)
            return;
        using var kill = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private Process Start(int rank, int port)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1));
        foreach (var (name, value) in new[] { ("RANK", rank), ("LOCAL_RANK", rank), ("WORLD_SIZE", count), ("LOCAL_WORLD_SIZE", count), ("MASTER_PORT", port), (ParentWatch.Variable, Environment.ProcessId) })
            start.Environment[name] = value.ToString(CultureInfo.InvariantCulture);
        start.Environment["MASTER_ADDR"] = "127.0.0.1";
        return Process.Start(start)!;
    }
}
