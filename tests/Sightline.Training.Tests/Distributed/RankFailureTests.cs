using System.Diagnostics;
using Sightline.Training.Distributed;
using Sightline.Training.Distributed.Mpi;

namespace Sightline.Training.Tests.Distributed;

public sealed class RankFailureTests
{
    [Theory]
    [MemberData(nameof(MpiJob.Launchers), MemberType = typeof(MpiJob))]
    public async Task Rank_Killed_EndsTheJobAndLeavesNoProcess(string launcher)
    {
        var job = await MpiJob.RunAsync(launcher, 3, "die");
        Assert.NotEqual(0, job.ExitCode);
        Assert.InRange(job.Time, TimeSpan.Zero, TimeSpan.FromSeconds(50)); // the watchdog's minute has not passed
        Assert.Equal(3, job.Ranks.Count);
        Assert.DoesNotContain("the barrier was left", job.Error, StringComparison.Ordinal);
        var processes = job.Ranks.Select(rank => (int)rank["process"]!).ToList();
        Assert.True(SpinWait.SpinUntil(() => !processes.Exists(IsRunning), TimeSpan.FromSeconds(20)), "a rank was left behind"); // mpirun does not wait for those that it ends
    }

    [Theory]
    [MemberData(nameof(MpiJob.Launchers), MemberType = typeof(MpiJob))]
    public async Task Rank_Hanging_IsToldOfByTheOthersAndEndsTheJob(string launcher)
    {
        var job = await MpiJob.RunAsync(launcher, 2, "hang");
        Assert.NotEqual(0, job.ExitCode);
        Assert.Contains("rank 0 of 2 has waited 2 s in barrier: another rank is stuck, slow or gone.", job.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("the barrier was left", job.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Watchdog_TimeIsOver_TellsOnce()
    {
        var messages = new List<string>();
        using var told = new ManualResetEventSlim();
        using var watchdog = new CommWatchdog(TimeSpan.FromMilliseconds(100), "rank 1 of 2", message =>
        {
            messages.Add(message);
            told.Set();
        });
        watchdog.Begin("barrier");
        Assert.True(told.Wait(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        Thread.Sleep(300);
        Assert.StartsWith("rank 1 of 2 has waited 0.1 s in barrier", Assert.Single(messages), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public void Watchdog_NothingWaitsOrForEver_IsQuiet(int milliseconds)
    {
        var told = false;
        using var watchdog = new CommWatchdog(TimeSpan.FromMilliseconds(milliseconds), "rank 1 of 2", _ => told = true);
        watchdog.Begin("barrier");
        if (milliseconds > 0)
            watchdog.End();
        Thread.Sleep(300);
        Assert.False(told);
    }

    [Fact]
    public void Library_Missing_SaysWhatToInstall()
    {
        var message = Assert.Throws<ConfigurationException>(() => MpiLibrary.Load("PMI", "libnothing.so.9")).Message;
        Assert.Contains("no MPI library was found (looked for libnothing.so.9); install one", message, StringComparison.Ordinal);
    }

    private static bool IsRunning(int process)
    {
        try
        {
            using var found = Process.GetProcessById(process);
            return !found.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
