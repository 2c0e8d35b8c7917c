using System.Diagnostics;
using System.Globalization;

namespace Sightline.Training.Benchmarks.Ranks;

/// <summary>Two ranks on two hosts made of network namespaces: what a slow link costs a training step, and how much of that travels while backward runs.</summary>
internal static class RanksBenchmark
{
    /// <summary>The verb with which this starts itself as a rank.</summary>
    public const string RankVerb = "rank-of-ranks";

    /// <returns>The exit code; 3 where the system does not allow it.</returns>
    public static int Run(int megabits, int bucketMegabytes, int steps)
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
        {
            Console.Error.WriteLine("ranks: network namespaces and tbf need Linux and root; nothing was measured.");
            return 3;
        }

        var agent = Path.GetTempFileName();
        try
        {
            using var link = ThrottledLink.Create(megabits);
            // Open MPI starts what runs on another host as `ssh HOST COMMAND...`.
            File.WriteAllText(agent, "#!/bin/sh\nshift\nexec " + ThrottledLink.On(1, "exec sh -c \"$0\"") + " \"$*\"\n");
            File.SetUnixFileMode(agent, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            string[] numbers = [.. new[] { megabits, bucketMegabytes, steps }.Select(number => number.ToString(CultureInfo.InvariantCulture))];
            // Waiting ranks give way: here they share two cores with those that compute.
            var job = $"""
                exec mpirun.openmpi -H {ThrottledLink.Address(0)}:1,{ThrottledLink.Address(1)}:1 -n 2 --bind-to none --mca plm_rsh_agent {agent} --mca mpi_yield_when_idle 1
                --mca btl self,tcp --mca btl_tcp_if_include {ThrottledLink.Network} --mca oob_tcp_if_include {ThrottledLink.Network} -x OMP_NUM_THREADS -x TERM
                {Environment.ProcessPath} {RankVerb} {string.Join(' ', numbers)}
                """.ReplaceLineEndings(" ");
            var start = new ProcessStartInfo("sh", ["-c", ThrottledLink.On(0, job)]);
            foreach (var (name, value) in new[] { ("OMPI_ALLOW_RUN_AS_ROOT", "1"), ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"), ("OMP_NUM_THREADS", "1"), ("TERM", "dumb") })
                start.Environment[name] = value;
            using var process = Process.Start(start)!;
            process.WaitForExit();
            if (process.ExitCode != 0)
                return process.ExitCode;
            Projection.Print();
            return 0;
        }
        catch (InvalidOperationException e)
        {
            Console.Error.WriteLine($"ranks: this system allows no network namespaces with tbf; nothing was measured ({e.Message})");
            return 3;
        }
        finally
        {
            File.Delete(agent);
        }
    }
}
