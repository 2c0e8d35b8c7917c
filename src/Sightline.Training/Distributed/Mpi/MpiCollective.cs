using System.Runtime.InteropServices;
using Sightline.Training.Kernels;

namespace Sightline.Training.Distributed.Mpi;

/// <summary>
/// Ranks over MPI, for models on the CPU. Blocking <c>MPI_Allreduce</c> calls on a thread of their own: <c>MPI_Iallreduce</c> was 4 to 5 times slower in
/// Open MPI 4.1.
/// </summary>
internal sealed unsafe class MpiCollective : ICollective
{
    private const int MaxCount = 1 << 28; // MPI counts in ints

    private readonly MpiLibrary _library;
    private readonly CommunicationThread _thread;
    private nint _sumOfBFloat16;

    /// <summary>Joins the job; returns when every rank has.</summary>
    /// <exception cref="ConfigurationException">There is no MPI library, or it does not know of the ranks that the launcher names.</exception>
    public MpiCollective(RankEnvironment environment, TimeSpan timeout, MpiLibrary? library = null)
    {
        _library = library ?? MpiLibrary.Load(environment.Launcher);
        LocalRank = environment.LocalRank;
        _thread = new CommunicationThread("MPI", new CommWatchdog(timeout, $"rank {environment.Rank} of {environment.WorldSize}"));
        _thread.Run("MPI_Init_thread", () =>
        {
            _library.Initialize();
            (Rank, WorldSize) = (_library.Rank(), _library.Size());
            _sumOfBFloat16 = _library.CreateOperation(&AddBFloat16);
        });
        if ((Rank, WorldSize) != (environment.Rank, environment.WorldSize))
        {
            throw new ConfigurationException(
                $"{environment.Launcher} calls this process rank {environment.Rank} of {environment.WorldSize}, {_library.Version} rank {Rank} of {WorldSize}: the launcher and the MPI library do not belong together. On a CPU start with the library's own mpirun, with srun, or with sightline-train launch; {MpiLibrary.PathVariable} names another library.");
        }
    }

    public int Rank { get; private set; }

    public int WorldSize { get; private set; }

    public int LocalRank { get; }

    public string Description => $"{_library.Version} ({_library.Abi.Family})";

    public Task SumAsync(CollectiveBuffer buffer)
    {
        var (type, operation) = buffer.Element switch
        {
            CollectiveElement.Fp32 => (_library.Abi.Float, _library.Abi.Sum),
            CollectiveElement.Bf16 => (_library.Abi.UnsignedShort, _sumOfBFloat16),
            _ => throw new NotSupportedException("MPI has no fp16; fp16 trains on GPUs, over NCCL."),
        };
        return _thread.Start($"all-reduce of {buffer.Count} values", () => InParts(buffer, (address, count) => _library.AllReduce(address, count, type, operation)));
    }

    public void Broadcast(CollectiveBuffer buffer) =>
        _thread.Run($"broadcast of {buffer.Count} values", () => InParts(buffer, (address, count) => _library.Broadcast(address, count * buffer.ElementSize)));

    public void Broadcast(Span<byte> data)
    {
        fixed (byte* start = data)
        {
            var (address, length) = ((nint)start, data.Length);
            _thread.Run("broadcast", () => _library.Broadcast(address, length));
        }
    }

    public void AllGather(ReadOnlySpan<byte> mine, Span<byte> all)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(all.Length, mine.Length * WorldSize);
        fixed (byte* from = mine, to = all)
        {
            var (source, target, length) = ((nint)from, (nint)to, mine.Length);
            _thread.Run("all-gather", () => _library.AllGather(source, length, target));
        }
    }

    public void Barrier() => _thread.Run("barrier", _library.Barrier);

    // A launcher ends the job of a process that ends badly; MPI_Abort tells it at once, unless the thread is stuck.
    public void Abort(int exitCode)
    {
        _thread.Start("MPI_Abort", () => _library.Abort(exitCode)).Wait(TimeSpan.FromSeconds(1));
        ProcessEnd.Now(exitCode);
    }

    /// <summary>Leaves the job; returns when every rank does.</summary>
    public void Dispose()
    {
        _thread.Run("MPI_Finalize", _library.End);
        _thread.Dispose();
    }

    private static void InParts(CollectiveBuffer buffer, Action<nint, int> call)
    {
        for (var start = 0L; start < buffer.Count; start += MaxCount)
            call(buffer.Address + (nint)(start * buffer.ElementSize), (int)Math.Min(MaxCount, buffer.Count - start));
    }

    [UnmanagedCallersOnly]
    private static void AddBFloat16(void* source, void* target, int* count, nint* type) =>
        BFloat16Words.Add(new ReadOnlySpan<ushort>(source, *count), new Span<ushort>(target, *count));
}
