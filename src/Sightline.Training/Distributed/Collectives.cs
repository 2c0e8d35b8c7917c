using Sightline.Training.Distributed.Mpi;
using Sightline.Training.Distributed.Nccl;

namespace Sightline.Training.Distributed;

/// <summary>Connects this process to the others of its job.</summary>
public static class Collectives
{
    /// <summary>Joins the job: over MPI on the CPU, over NCCL on GPUs. Returns when every rank has called it.</summary>
    /// <param name="environment">What the launcher says; null: one process alone.</param>
    /// <param name="device">The model's device: <c>cpu</c>, <c>cuda</c> (the GPU of the local rank) or <c>cuda:N</c>.</param>
    /// <param name="timeout">How long one call may wait for the other ranks before the process is ended (exit code 75); zero: for ever.</param>
    /// <exception cref="ConfigurationException">A library is missing, or does not know of the other ranks.</exception>
    public static ICollective Connect(RankEnvironment? environment, string device, TimeSpan timeout)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (environment is not { WorldSize: > 1 })
            return new LocalCollective(environment);
        return device.StartsWith("cuda", StringComparison.Ordinal)
            ? new NcclCollective(environment, device.Split(':') is [_, var number] ? int.Parse(number, System.Globalization.CultureInfo.InvariantCulture) : environment.LocalRank, timeout)
            : new MpiCollective(environment, timeout);
    }
}
