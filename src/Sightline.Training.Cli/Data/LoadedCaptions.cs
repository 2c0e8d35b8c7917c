using Sightline.Data;
using Sightline.Data.Pipeline;
using Sightline.Imaging;
using Sightline.Training.Cli.Runs;

namespace Sightline.Training.Cli.Data;

/// <summary>A caption file with the pixels of its pictures, faulty ones dealt with.</summary>
internal sealed class LoadedCaptions : IDisposable
{
    private LoadedCaptions(CaptionDataset dataset, IPixelSource pixels) => (Dataset, Pixels) = (dataset, pixels);

    /// <summary>Without the pictures that are skipped.</summary>
    public CaptionDataset Dataset { get; }

    /// <summary>The pixels of its pictures.</summary>
    public IPixelSource Pixels { get; }

    /// <summary>Opens the pictures: from the cache, which is made where it is missing, or file by file.</summary>
    /// <param name="dataset">The captions.</param>
    /// <param name="name">Names the cache file.</param>
    /// <param name="settings">Where the cache is, and what happens to pictures that cannot be decoded.</param>
    /// <param name="processor">Resize and crop.</param>
    /// <param name="stop">Stops making the cache.</param>
    public static LoadedCaptions Open(CaptionDataset dataset, string name, DataSettings settings, ImageProcessorConfig processor, CancellationToken stop)
    {
        var files = new FilePixelSource(dataset, processor);
        if (settings.Cache is { } folder)
        {
            var cache = PixelCache.OpenOrBuild(Path.Combine(folder, name + ".bin"), dataset, files, new PixelCacheOptions { CorruptImages = settings.CorruptImages }, stop);
            return new LoadedCaptions(cache.Dataset, cache);
        }

        if (settings.CorruptImages == FaultPolicy.Fail)
            return new LoadedCaptions(dataset, files);
        var faulty = files.FindFaulty(cancellation: stop);
        if (faulty.Count == 0)
            return new LoadedCaptions(dataset, files);
        dataset = dataset.WithoutImages(faulty.Select(fault => fault.Image).ToHashSet(), faulty.Select(fault => fault.Problem));
        return new LoadedCaptions(dataset, new FilePixelSource(dataset, processor));
    }

    public void Dispose() => (Pixels as IDisposable)?.Dispose();
}
