using System.Runtime.InteropServices;
using Xunit;

namespace Sightline.Tests.Kernels;

/// <summary>Memory that ends at an inaccessible page: a read past the end stops the test run.</summary>
internal sealed unsafe partial class GuardedBuffer : IDisposable
{
    private const int Page = 4096;
    private readonly nint _map;
    private readonly nuint _size;
    private readonly float* _start;
    private readonly int _length;

    public GuardedBuffer(float[] values)
    {
        _length = values.Length;
        var pages = (values.Length * sizeof(float) + Page - 1) / Page + 1;
        _size = (nuint)(pages * Page);
        _map = OperatingSystem.IsLinux() ? Map(0, _size, 3, 0x22, -1, 0) : Marshal.AllocHGlobal((nint)_size);
        var end = (byte*)_map + ((pages - 1) * Page);
        if (OperatingSystem.IsLinux())
            Assert.Equal(0, Protect((nint)end, Page, 0));
        _start = (float*)end - values.Length;
        values.CopyTo(Span);
    }

    public Span<float> Span => new(_start, _length);

    public void Dispose()
    {
        if (OperatingSystem.IsLinux())
            _ = Unmap(_map, _size);
        else
            Marshal.FreeHGlobal(_map);
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
