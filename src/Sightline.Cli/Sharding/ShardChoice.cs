using System.Globalization;

namespace Sightline.Cli.Sharding;

/// <summary>Finds out which part of the work is this process's: from the command line, or from what a scheduler tells its processes.</summary>
internal static class ShardChoice
{
    /// <summary>What <c>--shard</c> takes besides <c>i/n</c>: the scheduler's number, with the count given.</summary>
    public const string AutoPrefix = "auto/";

    // Ranks of one job; where several are set they mean the same, so the first counts.
    private static readonly (string Index, string Count)[] s_ranks =
    [
        ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"), ("PMI_RANK", "PMI_SIZE"), ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS"),
    ];

    /// <summary>The part, and where that comes from; null for the source where nothing says a part: then it is the whole.</summary>
    /// <param name="option">The value of <c>--shard</c>; null where it is not given.</param>
    /// <param name="variables">Gives an environment variable, or null.</param>
    /// <exception cref="UsageException">The option is wrong, or the scheduler's variables do not say enough or contradict each other.</exception>
    public static (Shard Shard, string? Source) Find(string? option, Func<string, string?> variables)
    {
        if (option is null)
            return FromScheduler(variables, count: null) ?? (new Shard(0, 1), null);
        if (option.StartsWith(AutoPrefix, StringComparison.Ordinal) && int.TryParse(option.AsSpan(AutoPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is > 0 and <= Shard.MostCount)
        {
            return FromScheduler(variables, count)
                ?? throw new UsageException($"--shard is {option}, but no scheduler says this process's number (JOB_COMPLETION_INDEX, SLURM_ARRAY_TASK_ID, OMPI_COMM_WORLD_RANK, PMI_RANK).");
        }

        return (Shard.TryParse(option) ?? throw new UsageException($"--shard is '{option}'; i/n with i from 0 to n - 1, or auto/n, was expected."), "--shard");
    }

    private static (Shard Shard, string? Source)? FromScheduler(Func<string, string?> variables, int? count)
    {
        var found = new List<(Shard Shard, string Source)>();
        foreach (var (index, size) in s_ranks)
        {
            if (Number(variables, index) is { } rank && (count ?? Number(variables, size)) is { } ranks)
            {
                Add(rank, ranks, index);
                break;
            }
        }

        if (Number(variables, "SLURM_ARRAY_TASK_ID") is { } task && (count ?? Number(variables, "SLURM_ARRAY_TASK_COUNT")) is { } tasks)
            Add((task - (Number(variables, "SLURM_ARRAY_TASK_MIN") ?? 0)) / Math.Max(Number(variables, "SLURM_ARRAY_TASK_STEP") ?? 1, 1), tasks, "SLURM_ARRAY_TASK_ID");
        if (Number(variables, "JOB_COMPLETION_INDEX") is { } completion)
            Add(completion, count ?? throw new UsageException($"JOB_COMPLETION_INDEX is {completion}, but Kubernetes does not say how many there are: give --shard auto/n with the job's completions, or --shard 0/1 for all pictures."), "JOB_COMPLETION_INDEX");

        // A part of one is no part: mpirun inside one task of an array, or the other way round.
        var parts = found.Where(each => each.Shard.Count > 1).ToList();
        if (parts.Count > 1)
            throw new UsageException($"{string.Join(" and ", parts.Select(part => $"{part.Source} ({part.Shard})"))} both divide the work; say which part is meant: --shard i/n.");
        return parts.Count == 1 ? parts[0] : found.Count > 0 ? found[0] : null;

        void Add(int index, int of, string source)
        {
            if (index < 0 || index >= of || of > Shard.MostCount)
                throw new UsageException($"{source} is number {index} of {of}; a number from 0 to {of - 1} was expected. Say which part is meant: --shard i/n.");
            found.Add((new Shard(index, of), source));
        }
    }

    private static int? Number(Func<string, string?> variables, string name)
    {
        var text = variables(name);
        if (string.IsNullOrEmpty(text))
            return null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
            : throw new UsageException($"the environment variable {name} is '{text}'; a whole number was expected.");
    }
}
