using Sightline.Training.Cli.Launch;
using Sightline.Training.Cli.Output;
using Sightline.Training.Distributed;

namespace Sightline.Training.Cli.Runs;

/// <summary>A run as one of the processes that its launcher started, or as the only one.</summary>
internal static class RankedRun
{
    /// <summary>Joins the others, if there are any, and runs. An error ends the whole job: the others could only wait.</summary>
    /// <inheritdoc cref="TrainingRun.Run"/>
    public static bool Run(RunSettings settings, bool json, string? resumeFrom, CancellationToken stop)
    {
        ParentWatch.Start();
        settings.Arguments.Validate();
        var environment = RankEnvironment.Detect();
        var ranks = Collectives.Connect(environment, settings.Model?.Device ?? "cpu", TimeSpan.FromSeconds(settings.Arguments.DdpTimeout));
        try
        {
            var events = new RunEvents(ranks.Rank == 0 ? Console.Out : TextWriter.Null, json);
            var live = ranks.Rank > 0 || Console.IsOutputRedirected || Console.IsErrorRedirected ? null : Console.Error;
            if (ranks.WorldSize > 1)
                events.Tell("ranks", $"{ranks.WorldSize} ranks over {ranks.Description}.", new() { ["ranks"] = ranks.WorldSize, ["over"] = ranks.Description });
            var done = new TrainingRun(settings, events, live, ranks).Run(resumeFrom, stop);
            ranks.Dispose();
            return done;
        }
        catch (Exception e) when (ranks.WorldSize > 1)
        {
            CommandRunner.Complain($"rank {ranks.Rank} of {ranks.WorldSize}: {CommandRunner.Words(e)}");
            ranks.Abort(e is UsageException ? CommandRunner.WrongUsage : CommandRunner.Failed);
            throw;
        }
    }
}
