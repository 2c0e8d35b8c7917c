using System.Diagnostics;
using System.Text.Json.Nodes;
using Sightline.Training.Ranks;

namespace Sightline.Training.Tests.Distributed;

/// <summary>Starts Sightline.Training.Ranks under an MPI of the machine.</summary>
/// <param name="ExitCode">mpirun's.</param>
/// <param name="Ranks">What the ranks wrote, by rank.</param>
/// <param name="Error">Its and their stderr.</param>
/// <param name="Time">How long it took.</param>
internal sealed record MpiJob(int ExitCode, IReadOnlyList<JsonObject> Ranks, string Error, TimeSpan Time)
{
    public const string OpenMpi = "mpirun.openmpi";
    public const string Mpich = "mpirun.mpich";

    public static TheoryData<string> Launchers => [OpenMpi, Mpich];

    /// <summary>Runs a job to its end; the test is skipped where the MPI is not installed.</summary>
    public static async Task<MpiJob> RunAsync(string launcher, int ranks, params string[] job)
    {
        var program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, launcher)).FirstOrDefault(File.Exists);
        Assert.SkipWhen(program is null, $"{launcher} is not on PATH; apt install {(launcher == OpenMpi ? "openmpi-bin" : "mpich")} (Debian, Ubuntu).");
        using var folder = new TemporaryFolder();
        string[] options = launcher == OpenMpi ? ["--oversubscribe", "--bind-to", "none"] : [];
        var start = new ProcessStartInfo(program, [.. options, "-n", $"{ranks}", Path.ChangeExtension(typeof(CollectiveJob).Assembly.Location, null), folder.Path, .. job])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in new[] { ("OMPI_ALLOW_RUN_AS_ROOT", "1"), ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"), ("OMP_NUM_THREADS", "1"), ("TERM", "dumb") })
            start.Environment[name] = value;
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        var time = clock.Elapsed;
        var objects = Directory.GetFiles(folder.Path).Select(file => JsonNode.Parse(File.ReadAllText(file))!.AsObject());
        return new MpiJob(process.ExitCode, [.. objects.OrderBy(rank => (int)rank["rank"]!)], await error, time);
    }
}
