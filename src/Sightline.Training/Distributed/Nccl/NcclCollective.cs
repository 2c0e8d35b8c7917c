using Sightline.Training.Native;

namespace Sightline.Training.Distributed.Nccl;

/// <summary>Ranks over NCCL, one GPU each. It has been run against a stand-in library only: no GPU was at hand.</summary>
internal sealed class NcclCollective : ICollective
{
    private readonly NcclLibrary _library;
    private readonly CudaDriver _driver;
    private readonly CommunicationThread _thread;
    private nint _communicator;
    private nint _stream;

    /// <summary>Joins the job; returns when every rank has.</summary>
    /// <param name="environment">Ranks, and the address where rank 0 is met (<c>MASTER_ADDR</c>, <c>MASTER_PORT</c>).</param>
    /// <param name="device">The GPU's number.</param>
    /// <param name="timeout">How long one call may take.</param>
    /// <param name="library">NCCL.</param>
    /// <param name="driver">The CUDA driver.</param>
    public NcclCollective(RankEnvironment environment, int device, TimeSpan timeout, NcclLibrary? library = null, CudaDriver? driver = null)
    {
        (Rank, WorldSize, LocalRank) = (environment.Rank, environment.WorldSize, environment.LocalRank);
        // All ranks derive the same id from this address; NCCL reads the process's environment, not .NET's copy of it.
        TorchLibrary.SetVariable("NCCL_COMM_ID", MeetingPoint(environment));
        _library = library ?? NcclLibrary.Load();
        _driver = driver ?? new CudaDriver(device);
        _thread = new CommunicationThread("NCCL", new CommWatchdog(timeout, $"rank {Rank} of {WorldSize}"));
        _thread.Run("ncclCommInitRank", () =>
        {
            _driver.Use();
            _stream = _driver.CreateStream();
            _communicator = _library.Join(WorldSize, _library.MakeId(), Rank);
        });
    }

    public int Rank { get; }

    public int WorldSize { get; }

    public int LocalRank { get; }

    public string Description => _library.Version;

    public Task SumAsync(CollectiveBuffer buffer)
    {
        _driver.Use();
        var written = _driver.Mark(); // the gradients are there when torch's stream has come so far
        return _thread.Start($"all-reduce of {buffer.Count} values", () =>
        {
            _driver.WaitFor(_stream, written);
            _library.AllReduce(buffer, _communicator, _stream);
            _driver.Synchronize(_stream);
        });
    }

    public void Broadcast(CollectiveBuffer buffer)
    {
        _driver.Use();
        var written = _driver.Mark();
        _thread.Run($"broadcast of {buffer.Count} values", () =>
        {
            _driver.WaitFor(_stream, written);
            _library.Broadcast(buffer.Address, buffer.Count * buffer.ElementSize, _communicator, _stream);
            _driver.Synchronize(_stream);
        });
    }

    public void Broadcast(Span<byte> data)
    {
        var bytes = data.ToArray();
        _thread.Run("broadcast", () =>
        {
            var address = _driver.Allocate(bytes.Length);
            _driver.ToDevice(address, bytes);
            _library.Broadcast(address, bytes.Length, _communicator, _stream);
            _driver.Synchronize(_stream);
            _driver.ToHost(bytes, address);
            _driver.Free(address);
        });
        bytes.CopyTo(data);
    }

    public void AllGather(ReadOnlySpan<byte> mine, Span<byte> all)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(all.Length, mine.Length * WorldSize);
        var (bytes, result) = (mine.ToArray(), new byte[all.Length]);
        _thread.Run("all-gather", () =>
        {
            var address = _driver.Allocate(bytes.Length + result.Length);
            _driver.ToDevice(address, bytes);
            _library.AllGather(address, address + bytes.Length, bytes.Length, _communicator, _stream);
            _driver.Synchronize(_stream);
            _driver.ToHost(result, address + bytes.Length);
            _driver.Free(address);
        });
        result.CopyTo(all);
    }

    public void Barrier() => AllGather([1], new byte[WorldSize]);

    public void Abort(int exitCode) => ProcessEnd.Now(exitCode);

    /// <summary>Leaves the job.</summary>
    public void Dispose()
    {
        _thread.Run("ncclCommDestroy", () => _library.Leave(_communicator));
        _thread.Dispose();
    }

    /// <summary>Where NCCL meets. torchrun keeps <c>MASTER_PORT</c> for itself and says so; then it is the next one.</summary>
    internal static string MeetingPoint(RankEnvironment environment, Func<string, string?>? variable = null)
    {
        variable ??= Environment.GetEnvironmentVariable;
        if (environment.MasterAddress is not { } host || environment.MasterPort is not { } port)
            throw new ConfigurationException($"MASTER_ADDR and MASTER_PORT are not set ({environment.Launcher}); GPUs meet there. Set them to the host of rank 0 and a free port, on all ranks.");
        return $"{host}:{(variable("TORCHELASTIC_USE_AGENT_STORE") is "True" ? port + 1 : port)}";
    }
}
