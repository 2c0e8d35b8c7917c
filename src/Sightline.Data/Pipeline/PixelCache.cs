using System.IO.MemoryMappedFiles;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sightline.Data.Formats;
using Sightline.IO;

namespace Sightline.Data.Pipeline;

/// <summary>
/// The decoded and resized pictures of a data set in one memory-mapped file, so that each is decoded once and not once an epoch. The file is made anew when
/// the settings, a file's size or its time have changed, or when it is damaged. Several processes may use and make one file at the same time: one makes
/// it, the others wait, and a half-written file is never seen.
/// </summary>
public sealed class PixelCache : IPixelSource, IDisposable
{
    private const int LockRetryMilliseconds = 100;

    private readonly string _path;
    private readonly PixelCacheHeader _header;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly SafeMemoryMappedViewHandle _handle;

    // The row of each picture of Dataset: faulty pictures have rows but are not in Dataset.
    private readonly int[] _rows;

    private PixelCache(string path, PixelCacheHeader header, FileStream stream, CaptionDataset dataset, int[] rows)
    {
        (_path, _header, _rows, Dataset) = (path, header, rows, dataset);
        _file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        _view = _file.CreateViewAccessor(0, header.FileLength, MemoryMappedFileAccess.Read);
        _handle = _view.SafeMemoryMappedViewHandle;
    }

    /// <summary>The data set without the pictures that cannot be decoded; positions are those of this source.</summary>
    public CaptionDataset Dataset { get; }

    /// <inheritdoc/>
    public int Count => _rows.Length;

    /// <inheritdoc/>
    public int Width => _header.Width;

    /// <inheritdoc/>
    public int Height => _header.Height;

    /// <summary>Opens a cache, making it first where it is missing or no longer fits.</summary>
    /// <param name="path">The cache file; its folder is made if need be. A file <c>PATH.lock</c> beside it keeps two processes from making it at once.</param>
    /// <param name="dataset">The data set.</param>
    /// <param name="source">How its files become pixels.</param>
    /// <param name="options">What happens to faulty pictures; null for the defaults.</param>
    /// <param name="cancellation">Stops making the cache, or waiting for another process; nothing is left behind.</param>
    /// <exception cref="DatasetException">Pictures cannot be decoded (all are counted, the first few named), or the file cannot be written.</exception>
    public static PixelCache OpenOrBuild(
        string path, CaptionDataset dataset, FilePixelSource source, PixelCacheOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(source);
        options ??= new PixelCacheOptions();
        options.Prefetch.Validate();
        if (source.Count != dataset.Images.Count)
            throw new ArgumentException($"The source has {source.Count} pictures, the data set {dataset.Images.Count}.", nameof(source));
        if (!PixelCacheHeader.IsSupported(source.Width, source.Height))
            throw new ConfigurationException($"{path}: pictures of {source.Width} x {source.Height} pixels cannot be cached; sides from 1 to 8192 are supported.");
        try
        {
            path = Path.GetFullPath(path);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var wanted = Wanted(dataset, source);
            if (TryOpen(path, wanted, dataset, source, options) is { } cache)
                return cache;
            using (Lock(path, cancellation))
            {
                // Another process may have made it meanwhile.
                if (TryOpen(path, wanted, dataset, source, options) is { } made)
                    return made;
                Build(path, wanted, source, options, cancellation);
            }

            return TryOpen(path, wanted, dataset, source, options)
                ?? throw new DatasetException($"{path}: the cache was changed while it was opened; do two runs with different settings use one cache file?");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException($"{path}: the pixel cache cannot be made or read ({e.Message}); {dataset.Images.Count} pictures need {3L * source.Width * source.Height * dataset.Images.Count} bytes.", e);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="DatasetException">The cache is damaged.</exception>
    public void Read(int image, Span<byte> pixels)
    {
        if (pixels.Length != _header.PictureBytes)
            throw new ArgumentException($"{Width} x {Height} pixels take {_header.PictureBytes} bytes; {pixels.Length} were given.", nameof(pixels));
        var row = _rows[image];
        _handle.ReadSpan((ulong)(_view.PointerOffset + _header.Offset(row)), pixels);
        if (PixelCacheHeader.Crc32C(pixels) != _header.Checksum(row))
            throw new DatasetException($"{_path}: the pixels of {Dataset.Images[image].FileName} are damaged; delete the cache, it will be made anew.");
    }

    /// <summary>Unmaps the file. No picture may be being read.</summary>
    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }

    private static PixelCacheHeader Wanted(CaptionDataset dataset, FilePixelSource source)
    {
        using var images = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var image in dataset.Images)
        {
            var file = new FileInfo(image.FilePath);
            images.AppendData(Encoding.UTF8.GetBytes($"{image.FileName}\n{(file.Exists ? file.Length : -1)}\n{(file.Exists ? file.LastWriteTimeUtc.Ticks : 0)}\n"));
        }

        var settings = SHA256.HashData(Encoding.UTF8.GetBytes(source.Settings));
        return new PixelCacheHeader(source.Width, source.Height, source.Count, settings, images.GetHashAndReset());
    }

    private static PixelCache? TryOpen(string path, PixelCacheHeader wanted, CaptionDataset dataset, FilePixelSource source, PixelCacheOptions options)
    {
        if (!File.Exists(path))
            return null;
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        try
        {
            var header = PixelCacheHeader.TryRead(stream, wanted);
            if (header is null)
            {
                stream.Dispose();
                return null;
            }

            var rows = Enumerable.Range(0, header.Count).Where(row => header.State(row) == PixelCacheHeader.Good).ToArray();
            if (rows.Length < header.Count)
                dataset = WithoutFaulty(dataset, header, source, options);
            return new PixelCache(path, header, stream, dataset, rows);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    // The cache says which pictures are faulty; decoding those again says why.
    private static CaptionDataset WithoutFaulty(CaptionDataset dataset, PixelCacheHeader header, FilePixelSource source, PixelCacheOptions options)
    {
        var faulty = Enumerable.Range(0, header.Count).Where(row => header.State(row) != PixelCacheHeader.Good).ToHashSet();
        var problems = new ProblemList(dataset.Source);
        foreach (var row in faulty.Order())
            problems.Add((source.TryRead(row).Problem ?? $"{dataset.Images[row].FilePath}: could not be decoded when the cache was made").TrimEnd('.'));
        if (options.CorruptImages == FaultPolicy.Fail)
            problems.ThrowIfAny("Mend or remove the pictures, or let corrupt ones be skipped.");
        return dataset.WithoutImages(faulty, problems.Lines);
    }

    private static void Build(string path, PixelCacheHeader header, FilePixelSource source, PixelCacheOptions options, CancellationToken cancellation) =>
        AtomicFile.Write(path, stream =>
        {
            stream.Position = header.Offset(0);
            var row = 0;
            foreach (var (pixels, problem) in Prefetcher.Run(Enumerable.Range(0, source.Count), source.TryRead, options.Prefetch, cancellation))
            {
                stream.Write(pixels);
                header.Set(row++, PixelCacheHeader.Crc32C(pixels), problem is null ? PixelCacheHeader.Good : PixelCacheHeader.Faulty);
                options.Progress?.Invoke(row);
            }

            if (stream.Length < header.FileLength)
                stream.SetLength(header.FileLength);
            stream.Position = 0;
            stream.Write(header.Seal());
        });

    private static FileStream Lock(string path, CancellationToken cancellation)
    {
        var lockPath = path + ".lock";
        while (true)
        {
            try
            {
                return new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (e.GetType() == typeof(IOException) && File.Exists(lockPath))
            {
                // Another process has it; the system frees it when that process ends, however it ends.
                cancellation.WaitHandle.WaitOne(LockRetryMilliseconds);
                cancellation.ThrowIfCancellationRequested();
            }
        }
    }
}
