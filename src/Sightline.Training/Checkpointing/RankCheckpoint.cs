using Sightline.Training.Distributed;

namespace Sightline.Training.Checkpointing;

/// <summary>Writes a checkpoint of all ranks: rank 0 the model, every rank its own file. The folder gets its name when all are done.</summary>
internal static class RankCheckpoint
{
    /// <summary>Writes; every rank calls it.</summary>
    /// <param name="collective">The ranks.</param>
    /// <param name="outputDir">On a disk that all ranks see.</param>
    /// <param name="step">The update.</param>
    /// <param name="write">Writes this rank's part into the folder that it is given.</param>
    /// <returns>What went wrong, the same on every rank; null where the checkpoint is there.</returns>
    public static string? Write(ICollective collective, string outputDir, int step, Action<string> write)
    {
        var (folder, problem) = ("", (string?)null);
        if (collective.Rank == 0)
            problem = Try(() => folder = CheckpointFolders.Begin(outputDir, step));
        folder = collective.Broadcast(folder);
        if (folder.Length > 0)
            problem = Try(() => write(folder));
        var problems = collective.Gather(problem ?? "");
        problem = Array.Find(problems, text => text.Length > 0);
        if (collective.Rank == 0 && folder.Length > 0)
        {
            if (problem is null)
                problem = Try(() => CheckpointFolders.Complete(outputDir, step, folder));
            if (problem is not null)
                CheckpointFolders.Discard(folder);
        }

        problem = collective.Broadcast(problem ?? "");
        return problem.Length == 0 ? null : problem;
    }

    private static string? Try(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CheckpointException)
        {
            return e.Message;
        }
    }
}
