using System.Globalization;

namespace Sightline.Training.Checkpointing;

/// <summary>The folders <c>checkpoint-N</c> of an output folder. One exists only when it is complete: it is written under another name and renamed.</summary>
public static class CheckpointFolders
{
    private const string Prefix = "checkpoint-";
    private const string TemporaryPrefix = ".tmp-checkpoint-";

    /// <summary>The newest complete checkpoint; null where there is none.</summary>
    public static string? FindLast(string outputDir) => List(outputDir) is [.., var last] ? last : null;

    /// <summary>Complete checkpoints in the order of their steps.</summary>
    public static IReadOnlyList<string> List(string outputDir) => !Directory.Exists(outputDir)
        ? []
        : [.. Directory.EnumerateDirectories(outputDir, Prefix + "*").Where(folder => Step(folder) is not null).OrderBy(folder => Step(folder))];

    /// <summary>The path of a step's checkpoint.</summary>
    public static string PathOf(string outputDir, int step) => Path.Combine(outputDir, Prefix + step.ToString(CultureInfo.InvariantCulture));

    /// <summary>Makes the folder into which a checkpoint is written; until it is complete it has another name.</summary>
    internal static string Begin(string outputDir, int step)
    {
        Directory.CreateDirectory(outputDir);
        foreach (var stale in Directory.EnumerateDirectories(outputDir, TemporaryPrefix + "*").ToList())
            Directory.Delete(stale, recursive: true); // of a run that was killed while saving
        var temporary = Path.GetFullPath(Path.Combine(outputDir, $"{TemporaryPrefix}{step}-{Guid.NewGuid():N}"));
        Directory.CreateDirectory(temporary);
        return temporary;
    }

    /// <summary>Gives a complete checkpoint its name, in place of an earlier one.</summary>
    internal static void Complete(string outputDir, int step, string temporary)
    {
        var path = PathOf(outputDir, step);
        if (Directory.Exists(path))
            Directory.Move(path, Path.Combine(outputDir, $"{TemporaryPrefix}old-{Guid.NewGuid():N}"));
        Directory.Move(temporary, path);
        foreach (var replaced in Directory.EnumerateDirectories(outputDir, TemporaryPrefix + "old-*").ToList())
            Directory.Delete(replaced, recursive: true);
    }

    /// <summary>Removes what was written of a checkpoint that failed.</summary>
    internal static void Discard(string temporary)
    {
        try
        {
            Directory.Delete(temporary, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The error that led here is the one to report; the next save removes what is left.
        }
    }

    /// <summary>Deletes the oldest checkpoints beyond a limit, as 4.17 does: the best one is kept, and so is the newest.</summary>
    internal static void Rotate(string outputDir, int? limit, string? best)
    {
        if (limit is not { } keep)
            return;
        var folders = List(outputDir).ToList();
        if (folders.Count <= keep)
            return;
        var at = best is null ? -1 : folders.FindIndex(folder => Path.GetFullPath(folder) == Path.GetFullPath(best));
        if (at >= 0)
        {
            for (var i = at; i < folders.Count - 2; i++)
                (folders[i], folders[i + 1]) = (folders[i + 1], folders[i]);
            if (keep == 1 && at != folders.Count - 1)
                keep = 2;
        }

        foreach (var folder in folders.Take(folders.Count - keep))
            Directory.Delete(folder, recursive: true);
    }

    private static int? Step(string folder) =>
        int.TryParse(Path.GetFileName(folder).AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var step)
        && File.Exists(Path.Combine(folder, TrainerState.FileName)) ? step : null;
}
