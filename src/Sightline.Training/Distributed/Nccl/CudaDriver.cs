using System.Runtime.InteropServices;

namespace Sightline.Training.Distributed.Nccl;

/// <summary>
/// What TorchSharp does not offer of CUDA: a stream of one's own, events between it and torch's (the legacy stream), and memory for small messages. Through the driver's
/// library, which is on every machine with a GPU.
/// </summary>
internal sealed unsafe class CudaDriver
{
    /// <summary>Names the library to load.</summary>
    public const string PathVariable = "SIGHTLINE_CUDA";

    private const uint NonBlocking = 1; // CU_STREAM_NON_BLOCKING
    private const uint DisableTiming = 2; // CU_EVENT_DISABLE_TIMING

    private readonly delegate* unmanaged<nint, int> _setContext;
    private readonly delegate* unmanaged<nint*, uint, int> _createStream;
    private readonly delegate* unmanaged<nint, int> _synchronize;
    private readonly delegate* unmanaged<nint*, uint, int> _createEvent;
    private readonly delegate* unmanaged<nint, nint, int> _record;
    private readonly delegate* unmanaged<nint, nint, uint, int> _waitFor;
    private readonly delegate* unmanaged<nint, int> _destroyEvent;
    private readonly delegate* unmanaged<nint*, nuint, int> _allocate;
    private readonly delegate* unmanaged<nint, int> _free;
    private readonly delegate* unmanaged<nint, void*, nuint, int> _toDevice;
    private readonly delegate* unmanaged<void*, nint, nuint, int> _toHost;
    private readonly nint _context;

    /// <param name="device">Number of the GPU.</param>
    /// <param name="path">The library; null: the driver's.</param>
    /// <exception cref="ConfigurationException">There is no driver.</exception>
    public CudaDriver(int device, string? path = null)
    {
        path ??= Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } set ? set : OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";
        if (!NativeLibrary.TryLoad(path, out var library))
            throw new ConfigurationException($"{path} was not found; it comes with NVIDIA's driver.");
        _setContext = (delegate* unmanaged<nint, int>)Function("cuCtxSetCurrent");
        _createStream = (delegate* unmanaged<nint*, uint, int>)Function("cuStreamCreate");
        _synchronize = (delegate* unmanaged<nint, int>)Function("cuStreamSynchronize");
        _createEvent = (delegate* unmanaged<nint*, uint, int>)Function("cuEventCreate");
        _record = (delegate* unmanaged<nint, nint, int>)Function("cuEventRecord");
        _waitFor = (delegate* unmanaged<nint, nint, uint, int>)Function("cuStreamWaitEvent");
        _destroyEvent = (delegate* unmanaged<nint, int>)Function("cuEventDestroy_v2");
        _allocate = (delegate* unmanaged<nint*, nuint, int>)Function("cuMemAlloc_v2");
        _free = (delegate* unmanaged<nint, int>)Function("cuMemFree_v2");
        _toDevice = (delegate* unmanaged<nint, void*, nuint, int>)Function("cuMemcpyHtoD_v2");
        _toHost = (delegate* unmanaged<void*, nint, nuint, int>)Function("cuMemcpyDtoH_v2");
        Check(((delegate* unmanaged<uint, int>)Function("cuInit"))(0), "cuInit");
        nint context;
        Check(((delegate* unmanaged<nint*, int, int>)Function("cuDevicePrimaryCtxRetain"))(&context, device), "cuDevicePrimaryCtxRetain");
        _context = context; // libtorch's, which is the primary one

        nint Function(string name) => NativeLibrary.TryGetExport(library, name, out var address)
            ? address
            : throw new ConfigurationException($"{path}: no function {name} in it; NVIDIA's driver was expected.");
    }

    /// <summary>Makes the GPU the calling thread's.</summary>
    public void Use() => Check(_setContext(_context), "cuCtxSetCurrent");

    public nint CreateStream()
    {
        nint stream;
        Check(_createStream(&stream, NonBlocking), "cuStreamCreate");
        return stream;
    }

    public void Synchronize(nint stream) => Check(_synchronize(stream), "cuStreamSynchronize");

    /// <summary>An event after all that the legacy stream has been given so far.</summary>
    public nint Mark()
    {
        nint mark;
        Check(_createEvent(&mark, DisableTiming), "cuEventCreate");
        Check(_record(mark, 0), "cuEventRecord");
        return mark;
    }

    /// <summary>Lets a stream wait for an event, which is released.</summary>
    public void WaitFor(nint stream, nint mark)
    {
        Check(_waitFor(stream, mark, 0), "cuStreamWaitEvent");
        Check(_destroyEvent(mark), "cuEventDestroy");
    }

    public nint Allocate(long bytes)
    {
        nint address;
        Check(_allocate(&address, (nuint)bytes), "cuMemAlloc");
        return address;
    }

    public void Free(nint address) => Check(_free(address), "cuMemFree");

    public void ToDevice(nint address, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* source = bytes)
            Check(_toDevice(address, source, (nuint)bytes.Length), "cuMemcpyHtoD");
    }

    public void ToHost(Span<byte> bytes, nint address)
    {
        fixed (byte* target = bytes)
            Check(_toHost(target, address, (nuint)bytes.Length), "cuMemcpyDtoH");
    }

    private static void Check(int code, string function)
    {
        if (code != 0)
            throw new TrainingException($"{function} failed with code {code} of the CUDA driver.");
    }
}
