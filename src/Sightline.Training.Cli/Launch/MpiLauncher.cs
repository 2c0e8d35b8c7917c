using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Sightline.Training.Native;

namespace Sightline.Training.Cli.Launch;

/// <summary>The system's <c>mpirun</c>, which starts the ranks of one host on its processors.</summary>
/// <param name="Path">The program.</param>
/// <param name="IsOpenMpi">Open MPI's; otherwise Hydra, of MPICH or Intel.</param>
internal sealed partial record MpiLauncher(string Path, bool IsOpenMpi)
{
    private static readonly string[] s_names = ["mpirun", "mpiexec", "mpirun.openmpi", "mpiexec.hydra"];

    /// <summary>Finds it.</summary>
    /// <param name="path">A program to use; null: the first on PATH.</param>
    /// <exception cref="SightlineException">There is none.</exception>
    public static MpiLauncher Find(string? path = null)
    {
        var found = path is not null ? OnPath(path) : s_names.Select(OnPath).FirstOrDefault(name => name is not null);
        if (found is null)
            throw new SightlineException($"{path ?? "mpirun"} was not found; ranks on a CPU need an MPI: apt install openmpi-bin (Debian, Ubuntu), dnf install openmpi (Fedora), brew install open-mpi (macOS).");
        using var version = Process.Start(new ProcessStartInfo(found, ["--version"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var text = version.StandardOutput.ReadToEnd();
        version.WaitForExit();
        return new MpiLauncher(found, text.Contains("Open MPI", StringComparison.Ordinal) || text.Contains("OpenRTE", StringComparison.Ordinal));
    }

    /// <summary>Its arguments for a number of ranks, before the program that they run. Ranks are not bound to single cores: each has threads.</summary>
    public IReadOnlyList<string> Arguments(int count)
    {
        var number = count.ToString(CultureInfo.InvariantCulture);
        // Open MPI gives rank 0 a terminal of its own, to which .NET would send control sequences.
        return IsOpenMpi ? ["--bind-to", "none", "--oversubscribe", "-x", "TERM=dumb", "-n", number] : ["-n", number];
    }

    /// <summary>Becomes mpirun: signals reach it and its exit code is the caller's, with nothing in between that could be left behind.</summary>
    /// <param name="count">Number of ranks.</param>
    /// <param name="command">Program and arguments of each.</param>
    /// <returns>The exit code, where this process cannot turn into another (Windows).</returns>
    public int Execute(int count, IReadOnlyList<string> command)
    {
        SetDefault("OMP_NUM_THREADS", Math.Max(1, Environment.ProcessorCount / count).ToString(CultureInfo.InvariantCulture));
        if (IsOpenMpi && Environment.UserName == "root")
        {
            // Open MPI refuses root, which is who one is in a container.
            SetDefault("OMPI_ALLOW_RUN_AS_ROOT", "1");
            SetDefault("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
        }

        string[] all = [Path, .. Arguments(count), .. command];
        if (!OperatingSystem.IsWindows())
        {
            Replace(Path, [.. all, null]);
            throw new SightlineException($"{Path} cannot be run ({Marshal.GetLastPInvokeErrorMessage()}).");
        }

        using var process = Process.Start(new ProcessStartInfo(Path, all.Skip(1)))!;
        process.WaitForExit();
        return process.ExitCode;
    }

    private static void SetDefault(string name, string value)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name)))
            TorchLibrary.SetVariable(name, value);
    }

    private static string? OnPath(string name)
    {
        if (name.Contains(System.IO.Path.DirectorySeparatorChar))
            return File.Exists(name) ? name : null;
        var suffix = OperatingSystem.IsWindows() && !name.EndsWith(".exe", StringComparison.OrdinalIgnoreCase) ? ".exe" : "";
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => System.IO.Path.Combine(folder, name + suffix))
            .FirstOrDefault(File.Exists);
    }

    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Replace(string path, string?[] arguments);
}
