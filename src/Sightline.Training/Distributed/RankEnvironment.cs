using System.Globalization;

namespace Sightline.Training.Distributed;

/// <summary>Which of how many processes this one is, as its launcher says in environment variables.</summary>
/// <param name="Rank">This process, from 0.</param>
/// <param name="WorldSize">Number of processes.</param>
/// <param name="LocalRank">This process among those of its host, from 0.</param>
/// <param name="Launcher">Who says so: <c>torchrun</c>, <c>Open MPI</c>, <c>PMI</c> or <c>Slurm</c>.</param>
/// <param name="MasterAddress">The host of rank 0 (<c>MASTER_ADDR</c>); null where the launcher does not say.</param>
/// <param name="MasterPort">A free port there (<c>MASTER_PORT</c>).</param>
public sealed record RankEnvironment(int Rank, int WorldSize, int LocalRank, string Launcher, string? MasterAddress = null, int? MasterPort = null)
{
    private static readonly (string Launcher, string Rank, string WorldSize, string LocalRank)[] s_launchers =
    [
        ("torchrun", "RANK", "WORLD_SIZE", "LOCAL_RANK"), // also Kubeflow's PyTorchJob, and sightline-train launch on GPUs
        ("Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"),
        ("PMI", "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID"),
        ("Slurm", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID"), // srun's tasks; a batch script has SLURM_NTASKS and is one process
    ];

    /// <summary>Looks for a launcher; the first that is there wins.</summary>
    /// <param name="variable">Gives a variable's value, or null; by default the process's environment.</param>
    /// <returns>Null where nothing launched this process as one of several.</returns>
    /// <exception cref="ConfigurationException">The variables do not fit each other.</exception>
    public static RankEnvironment? Detect(Func<string, string?>? variable = null)
    {
        variable ??= Environment.GetEnvironmentVariable;
        foreach (var (launcher, rankName, worldName, localName) in s_launchers)
        {
            if (string.IsNullOrEmpty(variable(rankName)) || string.IsNullOrEmpty(variable(worldName)))
                continue;
            var (rank, world) = (Number(rankName)!.Value, Number(worldName)!.Value);
            if (rank >= world)
                throw new ConfigurationException($"{rankName} is {rank} and {worldName} is {world}; ranks go from 0 to {worldName} - 1.");
            return new RankEnvironment(rank, world, Number(localName) ?? 0, launcher, variable("MASTER_ADDR") is { Length: > 0 } host ? host : null, Number("MASTER_PORT"));
        }

        return null;

        int? Number(string name) => variable(name) is not { Length: > 0 } text ? null
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
            : throw new ConfigurationException($"{name} is '{text}'; a whole number was expected. It is set by what launches the processes.");
    }
}
