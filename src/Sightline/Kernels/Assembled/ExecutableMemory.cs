using System.Runtime.InteropServices;

namespace Sightline.Kernels.Assembled;

/// <summary>
/// Code in memory: written while it cannot be executed, executable when it can no longer be written. Kept for the life of the process.
/// </summary>
internal sealed unsafe partial class ExecutableMemory
{
    private const int ReadWrite = 3, ReadExecute = 5; // mprotect
    private const int PrivateAnonymousLinux = 0x22, PrivateAnonymousMac = 0x1002;
    private const uint CommitReserve = 0x3000, PageReadWrite = 0x04, PageExecuteRead = 0x20;

    private ExecutableMemory(void* start) => Start = start;

    public void* Start { get; }

    /// <summary>Copies code to where it may run; null where the operating system refuses.</summary>
    public static ExecutableMemory? TryCreate(ReadOnlySpan<byte> code)
    {
        try
        {
            return OperatingSystem.IsWindows() ? OnWindows(code) : OperatingSystem.IsLinux() || OperatingSystem.IsMacOS() ? OnUnix(code) : null;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    private static ExecutableMemory? OnUnix(ReadOnlySpan<byte> code)
    {
        var length = (nuint)code.Length;
        var start = Map(0, length, ReadWrite, OperatingSystem.IsMacOS() ? PrivateAnonymousMac : PrivateAnonymousLinux, -1, 0);
        if (start == -1)
            return null;
        code.CopyTo(new Span<byte>((void*)start, code.Length));
        if (Protect(start, length, ReadExecute) == 0)
            return new ExecutableMemory((void*)start);
        _ = Unmap(start, length);
        return null;
    }

    private static ExecutableMemory? OnWindows(ReadOnlySpan<byte> code)
    {
        var start = VirtualAlloc(0, (nuint)code.Length, CommitReserve, PageReadWrite);
        if (start == 0)
            return null;
        code.CopyTo(new Span<byte>((void*)start, code.Length));
        return VirtualProtect(start, (nuint)code.Length, PageExecuteRead, out _) != 0 ? new ExecutableMemory((void*)start) : null;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);

    [LibraryImport("kernel32")]
    private static partial nint VirtualAlloc(nint address, nuint size, uint type, uint protection);

    [LibraryImport("kernel32")]
    private static partial int VirtualProtect(nint address, nuint size, uint protection, out uint old);
}
