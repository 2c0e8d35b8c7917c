using Sightline.Training.Distributed;

namespace Sightline.Training.Tests.Distributed;

public sealed class RankEnvironmentTests
{
    [Theory]
    [InlineData("RANK=3 WORLD_SIZE=8 LOCAL_RANK=1 MASTER_ADDR=a MASTER_PORT=29500 OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=2", "torchrun", 3, 8, 1, "a", 29500)]
    [InlineData("OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_RANK=1 SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=1", "Open MPI", 1, 2, 1, null, null)]
    [InlineData("PMI_RANK=5 PMI_SIZE=6 MPI_LOCALRANKID=2", "PMI", 5, 6, 2, null, null)]
    [InlineData("PMI_RANK=5 PMI_SIZE=6", "PMI", 5, 6, 0, null, null)]
    [InlineData("SLURM_PROCID=7 SLURM_STEP_NUM_TASKS=16 SLURM_LOCALID=3 MASTER_ADDR=node1", "Slurm", 7, 16, 3, "node1", null)]
    public void Detect_Launcher_SaysWhoIsWho(string variables, string launcher, int rank, int world, int local, string? host, int? port) =>
        Assert.Equal(new RankEnvironment(rank, world, local, launcher, host, port), Detect(variables));

    [Theory]
    [InlineData("")]
    [InlineData("RANK=0")]
    [InlineData("SLURM_PROCID=0 SLURM_NTASKS=16")] // a batch script before srun
    [InlineData("WORLD_SIZE=4 LOCAL_RANK=0")]
    public void Detect_NoLauncher_IsOneProcess(string variables) => Assert.Null(Detect(variables));

    [Theory]
    [InlineData("RANK=2 WORLD_SIZE=2", "RANK is 2 and WORLD_SIZE is 2")]
    [InlineData("RANK=-1 WORLD_SIZE=2", "RANK is '-1'")]
    [InlineData("PMI_RANK=0 PMI_SIZE=two", "PMI_SIZE is 'two'")]
    [InlineData("RANK=0 WORLD_SIZE=2 MASTER_PORT=http", "MASTER_PORT is 'http'")]
    public void Detect_WrongValues_AreNamed(string variables, string message) =>
        Assert.Contains(message, Assert.Throws<ConfigurationException>(() => Detect(variables)).Message, StringComparison.Ordinal);

    private static RankEnvironment? Detect(string variables)
    {
        var given = variables.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
        return RankEnvironment.Detect(given.GetValueOrDefault);
    }
}
