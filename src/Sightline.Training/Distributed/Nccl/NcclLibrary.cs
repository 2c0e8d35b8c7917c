using System.Runtime.InteropServices;

namespace Sightline.Training.Distributed.Nccl;

/// <summary>NCCL through its C functions.</summary>
internal sealed unsafe class NcclLibrary
{
    /// <summary>Names the library to load.</summary>
    public const string PathVariable = "SIGHTLINE_NCCL";

    private const int TypeByte = 1; // ncclUint8
    private const int TypeHalf = 6;
    private const int TypeFloat = 7;
    private const int TypeBFloat16 = 9;
    private const int Sum = 0;

    private readonly delegate* unmanaged<int, byte*> _errorText;
    private readonly delegate* unmanaged<NcclUniqueId*, int> _makeId;
    private readonly delegate* unmanaged<nint*, int, NcclUniqueId, int, int> _join;
    private readonly delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int> _allReduce;
    private readonly delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int> _broadcast;
    private readonly delegate* unmanaged<nint, nint, nuint, int, nint, nint, int> _allGather;
    private readonly delegate* unmanaged<nint, int> _leave;

    private NcclLibrary(nint library, string path)
    {
        _errorText = (delegate* unmanaged<int, byte*>)Function("ncclGetErrorString");
        _makeId = (delegate* unmanaged<NcclUniqueId*, int>)Function("ncclGetUniqueId");
        _join = (delegate* unmanaged<nint*, int, NcclUniqueId, int, int>)Function("ncclCommInitRank");
        _allReduce = (delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int>)Function("ncclAllReduce");
        _broadcast = (delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int>)Function("ncclBroadcast");
        _allGather = (delegate* unmanaged<nint, nint, nuint, int, nint, nint, int>)Function("ncclAllGather");
        _leave = (delegate* unmanaged<nint, int>)Function("ncclCommDestroy");
        int number;
        Check(((delegate* unmanaged<int*, int>)Function("ncclGetVersion"))(&number), "ncclGetVersion");
        Version = number >= 10_000 ? $"NCCL {number / 10_000}.{number / 100 % 100}.{number % 100}" : $"NCCL {number / 1000}.{number / 100 % 10}.{number % 100}";

        nint Function(string name) => NativeLibrary.TryGetExport(library, name, out var address)
            ? address
            : throw new ConfigurationException($"{path}: no function {name} in it; NCCL was expected.");
    }

    /// <summary>E.g. <c>NCCL 2.27.3</c>.</summary>
    public string Version { get; }

    /// <summary>Loads the library: one that is named, that of a CUDA libtorch, or that of the system. Two copies in one process would not know of each other.</summary>
    /// <exception cref="ConfigurationException">There is none.</exception>
    public static NcclLibrary Load(string? path = null)
    {
        path ??= Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } set ? set : null;
        string[] names = path is null ? ["libtorch_cuda.so", "libnccl.so.2"] : [path];
        foreach (var name in names)
        {
            if (NativeLibrary.TryLoad(name, typeof(NcclLibrary).Assembly, null, out var library) && (path is not null || NativeLibrary.TryGetExport(library, "ncclAllReduce", out _)))
                return new NcclLibrary(library, name);
        }

        throw new ConfigurationException($"NCCL was not found (looked for {string.Join(", ", names)}); install libnccl2, or name the library in {PathVariable}.");
    }

    public NcclUniqueId MakeId()
    {
        NcclUniqueId id;
        Check(_makeId(&id), "ncclGetUniqueId");
        return id;
    }

    public nint Join(int worldSize, NcclUniqueId id, int rank)
    {
        nint communicator;
        Check(_join(&communicator, worldSize, id, rank), "ncclCommInitRank");
        return communicator;
    }

    public void AllReduce(CollectiveBuffer buffer, nint communicator, nint stream) =>
        Check(_allReduce(buffer.Address, buffer.Address, (nuint)buffer.Count, TypeOf(buffer.Element), Sum, communicator, stream), "ncclAllReduce");

    public void Broadcast(nint address, long bytes, nint communicator, nint stream) =>
        Check(_broadcast(address, address, (nuint)bytes, TypeByte, 0, communicator, stream), "ncclBroadcast");

    public void AllGather(nint mine, nint all, long bytes, nint communicator, nint stream) =>
        Check(_allGather(mine, all, (nuint)bytes, TypeByte, communicator, stream), "ncclAllGather");

    public void Leave(nint communicator) => Check(_leave(communicator), "ncclCommDestroy");

    private static int TypeOf(CollectiveElement element) => element switch
    {
        CollectiveElement.Bf16 => TypeBFloat16,
        CollectiveElement.Fp16 => TypeHalf,
        _ => TypeFloat,
    };

    private void Check(int code, string function)
    {
        if (code != 0)
            throw new TrainingException($"{function} failed: {Marshal.PtrToStringUTF8((nint)_errorText(code))} (code {code}). NCCL_DEBUG=INFO tells more.");
    }
}
