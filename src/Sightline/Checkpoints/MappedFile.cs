using System.Buffers;
using System.IO.MemoryMappedFiles;

namespace Sightline.Checkpoints;

/// <summary>
/// A file mapped into memory, read only: pages are loaded when they are touched. Every slice is checked against the length of the file.
/// The one place outside the kernels with a raw pointer, since .NET gives no span over a map otherwise.
/// </summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile? _map;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly Dictionary<(long Offset, int Length), Region> _regions = [];
    private readonly Lock _lock = new();
    private byte* _start;
    private bool _disposed;

    private MappedFile(string path, FileStream stream)
    {
        Path = path;
        Length = stream.Length;
        if (Length == 0)
            return; // an empty file cannot be mapped
        _map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        _view = _map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        _start += _view.PointerOffset;
    }

    /// <summary>The path as it was given, for messages.</summary>
    public string Path { get; }

    /// <summary>Bytes in the file.</summary>
    public long Length { get; }

    /// <exception cref="CheckpointException">The file is missing or cannot be read.</exception>
    public static MappedFile Open(string path)
    {
        FileStream? stream = null;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            return new MappedFile(path, stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            stream?.Dispose();
            throw new CheckpointException($"{path}: cannot be read ({MessageText.Clean(e.Message)})", e);
        }
    }

    /// <summary>Bytes of the file. The caller has checked the range against <see cref="Length"/>.</summary>
    public ReadOnlySpan<byte> Span(long offset, int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        return new ReadOnlySpan<byte>(_start + offset, length);
    }

    /// <summary>Bytes of the file as memory; the same range gives equal memories, so that shared storages can be recognised.</summary>
    public ReadOnlyMemory<byte> Memory(long offset, int length)
    {
        _ = Span(offset, length);
        lock (_lock)
        {
            if (!_regions.TryGetValue((offset, length), out var region))
                _regions.Add((offset, length), region = new Region(this, offset, length));
            return region.Memory;
        }
    }

    // For maps that a model reads from as long as it lives: the view is let go when nothing refers to it any more.
    ~MappedFile()
    {
        if (!_disposed)
            _view?.SafeMemoryMappedViewHandle.ReleasePointer();
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        GC.SuppressFinalize(this);
        if (_view is null)
            return;
        _start = null;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map!.Dispose();
    }

    private sealed class Region(MappedFile file, long offset, int length) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan()
        {
            _ = file.Span(offset, length);
            return new Span<byte>(file._start + offset, length);
        }

        public override MemoryHandle Pin(int elementIndex = 0)
        {
            _ = file.Span(offset + elementIndex, length - elementIndex);
            return new MemoryHandle(file._start + offset + elementIndex, default, this);
        }

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
