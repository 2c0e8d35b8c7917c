using System.CommandLine;
using Sightline.Training.Cli.Launch;
using Sightline.Training.Cli.Runs;

namespace Sightline.Training.Cli.Commands;

/// <summary><c>sightline-train launch</c>: a run as several processes of this host.</summary>
internal static class LaunchCommand
{
    public static Command Create()
    {
        var count = new Option<int>("--nproc") { Description = "Number of processes: one for each GPU, or as the processor's cores allow.", Required = true };
        var mpirun = new Option<string?>("--mpirun") { Description = "The mpirun to use on a CPU; default: the first on PATH.", HelpName = "PROGRAM" };
        var command = new Command("launch", "Train with several processes of this host: launch --nproc N RUN.json ..., the rest as for run. On a CPU it starts mpirun.") { count, mpirun };
        command.TreatUnmatchedTokensAsErrors = false; // they are run's
        command.SetAction(async (parsed, stop) =>
        {
            var processes = parsed.GetValue(count);
            if (processes < 1)
                throw new UsageException($"--nproc is {processes}; at least 1 was expected.");
            var arguments = parsed.UnmatchedTokens;
            var file = arguments.FirstOrDefault(argument => argument.EndsWith(".json", StringComparison.OrdinalIgnoreCase) && File.Exists(argument));
            string[] rank = [.. Program(), "run", .. arguments];
            return file is not null && RunFile.Read(file).Model?.Device.StartsWith("cuda", StringComparison.Ordinal) == true
                ? await new LocalLauncher(processes, rank).RunAsync(stop)
                : MpiLauncher.Find(parsed.GetValue(mpirun)).Execute(processes, rank);
        });
        return command;
    }

    // This program: an executable of its own, or a file that dotnet runs.
    private static string[] Program()
    {
        var host = Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(host) == "dotnet" ? [host, Path.Combine(AppContext.BaseDirectory, "sightline-train.dll")] : [host];
    }
}
