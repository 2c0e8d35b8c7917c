using System.Runtime.InteropServices;
using System.Text;

namespace Sightline.Training.Distributed.Mpi;

/// <summary>An MPI library of the system, through its C functions.</summary>
internal sealed unsafe class MpiLibrary
{
    /// <summary>Names the library to load, where the one that fits the launcher is not the right one.</summary>
    public const string PathVariable = "SIGHTLINE_MPI";

    private const int MaxVersionLength = 8192; // MPI_MAX_LIBRARY_VERSION_STRING is 256 to 8192

    private readonly nint _library;
    private readonly delegate* unmanaged<nint, nint, int, int*, int> _init;
    private readonly delegate* unmanaged<int> _finalize;
    private readonly delegate* unmanaged<nint, int*, int> _rank;
    private readonly delegate* unmanaged<nint, int*, int> _size;
    private readonly delegate* unmanaged<nint, void*, int, nint, nint, nint, int> _allReduce;
    private readonly delegate* unmanaged<void*, int, nint, int, nint, int> _broadcast;
    private readonly delegate* unmanaged<void*, int, nint, void*, int, nint, nint, int> _allGather;
    private readonly delegate* unmanaged<nint, int> _barrier;
    private readonly delegate* unmanaged<nint, int, int> _abort;
    private readonly delegate* unmanaged<void*, int, nint*, int> _createOperation;

    private MpiLibrary(nint library, string path)
    {
        _library = library;
        var version = (delegate* unmanaged<byte*, int*, int>)Function("MPI_Get_library_version");
        _init = (delegate* unmanaged<nint, nint, int, int*, int>)Function("MPI_Init_thread");
        _finalize = (delegate* unmanaged<int>)Function("MPI_Finalize");
        _rank = (delegate* unmanaged<nint, int*, int>)Function("MPI_Comm_rank");
        _size = (delegate* unmanaged<nint, int*, int>)Function("MPI_Comm_size");
        _allReduce = (delegate* unmanaged<nint, void*, int, nint, nint, nint, int>)Function("MPI_Allreduce");
        _broadcast = (delegate* unmanaged<void*, int, nint, int, nint, int>)Function("MPI_Bcast");
        _allGather = (delegate* unmanaged<void*, int, nint, void*, int, nint, nint, int>)Function("MPI_Allgather");
        _barrier = (delegate* unmanaged<nint, int>)Function("MPI_Barrier");
        _abort = (delegate* unmanaged<nint, int, int>)Function("MPI_Abort");
        _createOperation = (delegate* unmanaged<void*, int, nint*, int>)Function("MPI_Op_create");
        var text = stackalloc byte[MaxVersionLength];
        int length;
        Check(version(text, &length), "MPI_Get_library_version");
        var words = Encoding.UTF8.GetString(text, Math.Clamp(length, 0, MaxVersionLength)).TrimEnd('\0').Split(['\n', ','])[0];
        Version = string.Join(' ', words.Replace("Version:", "", StringComparison.Ordinal).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Abi = MpiAbi.Detect(library, Version);

        nint Function(string name) => NativeLibrary.TryGetExport(library, name, out var address)
            ? address
            : throw new ConfigurationException($"{path}: no function {name} in it; an MPI library was expected.");
    }

    /// <summary>The first line of what the library says of itself.</summary>
    public string Version { get; }

    public MpiAbi Abi { get; }

    /// <summary>Loads the library that belongs to the launcher: the others would take each process for a job of its own.</summary>
    /// <param name="launcher">As in <see cref="RankEnvironment"/>.</param>
    /// <param name="path">A library instead; null: as <see cref="PathVariable"/> says.</param>
    /// <exception cref="ConfigurationException">There is none.</exception>
    public static MpiLibrary Load(string? launcher, string? path = null)
    {
        path ??= Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } set ? set : null;
        string[] names = path is null ? Names(launcher) : [path];
        foreach (var name in names)
        {
            if (NativeLibrary.TryLoad(name, out var library))
                return new MpiLibrary(library, name);
        }

        throw new ConfigurationException($"no MPI library was found (looked for {string.Join(", ", names)}); install one, e.g. with apt install openmpi-bin libopenmpi3, or name it in {PathVariable}.");
    }

    /// <summary><c>MPI_Init_thread</c> for calls from one thread.</summary>
    public void Initialize()
    {
        int provided;
        Check(_init(0, 0, Abi.ThreadFunneled, &provided), "MPI_Init_thread");
        if (provided < Abi.ThreadFunneled)
            throw new ConfigurationException($"{Version} does not allow threads beside its own (MPI_THREAD_FUNNELED); another build of it is needed.");
    }

    public void End() => Check(_finalize(), "MPI_Finalize");

    public int Rank()
    {
        int value;
        Check(_rank(Abi.World, &value), "MPI_Comm_rank");
        return value;
    }

    public int Size()
    {
        int value;
        Check(_size(Abi.World, &value), "MPI_Comm_size");
        return value;
    }

    /// <summary>Makes a commutative operation of a function <c>(in, inout, count, type)</c>.</summary>
    public nint CreateOperation(delegate* unmanaged<void*, void*, int*, nint*, void> function)
    {
        nint operation = 0; // MPICH writes an int
        Check(_createOperation(function, 1, &operation), "MPI_Op_create");
        return operation;
    }

    public void AllReduce(nint address, int count, nint type, nint operation) =>
        Check(_allReduce(Abi.InPlace, (void*)address, count, type, operation, Abi.World), "MPI_Allreduce");

    public void Broadcast(nint address, int bytes) => Check(_broadcast((void*)address, bytes, Abi.Byte, 0, Abi.World), "MPI_Bcast");

    public void AllGather(nint mine, int bytes, nint all) => Check(_allGather((void*)mine, bytes, Abi.Byte, (void*)all, bytes, Abi.Byte, Abi.World), "MPI_Allgather");

    public void Barrier() => Check(_barrier(Abi.World), "MPI_Barrier");

    public void Abort(int code) => _ = _abort(Abi.World, code);

    private static string[] Names(string? launcher)
    {
        if (OperatingSystem.IsWindows())
            return ["msmpi.dll", "impi.dll"];
        if (OperatingSystem.IsMacOS())
            return ["libmpi.40.dylib", "libmpi.12.dylib", "libmpi.dylib"];
        string[] mpich = ["libmpich.so.12", "libmpi.so.12", "libmpi_abi.so.1", "libmpi_abi.so.0"];
        return launcher is "PMI" ? [.. mpich, "libmpi.so.40"] : ["libmpi.so.40", .. mpich];
    }

    private static void Check(int code, string function)
    {
        if (code != 0)
            throw new TrainingException($"{function} failed with code {code}.");
    }
}
