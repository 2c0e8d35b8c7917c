namespace Sightline.Data.Pipeline;

/// <summary>Reads the batches of an epoch ahead of the training step, in bounded memory and a fixed order.</summary>
public sealed class BatchReader
{
    private readonly CaptionDataset _dataset;
    private readonly IPixelSource _pixels;
    private readonly BatchOptions _options;

    /// <summary>Makes a reader.</summary>
    /// <param name="dataset">The examples.</param>
    /// <param name="pixels">The pixels of its pictures.</param>
    /// <param name="options">Batch size and prefetching; null for the defaults.</param>
    /// <exception cref="ArgumentException">The source has another number of pictures.</exception>
    /// <exception cref="ConfigurationException">An option is out of range, or a batch is larger than 2 GB.</exception>
    public BatchReader(CaptionDataset dataset, IPixelSource pixels, BatchOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(pixels);
        _dataset = dataset;
        _pixels = pixels;
        _options = options ?? new BatchOptions();
        _options.Validate();
        if (pixels.Count != dataset.Images.Count)
            throw new ArgumentException($"The source has {pixels.Count} pictures, the data set {dataset.Images.Count}.", nameof(pixels));
        if (PictureBytes * _options.BatchSize > Array.MaxLength)
            throw new ConfigurationException($"batch options: {_options.BatchSize} pictures of {pixels.Width} x {pixels.Height} pixels are more than a batch can hold; make the batch smaller.");
    }

    private long PictureBytes => 3L * _pixels.Width * _pixels.Height;

    /// <summary>How many batches an epoch of <paramref name="examples"/> examples has.</summary>
    public int BatchCount(int examples) =>
        _options.DropLast ? examples / _options.BatchSize : (int)(((long)examples + _options.BatchSize - 1) / _options.BatchSize);

    /// <summary>Reads batches.</summary>
    /// <param name="order">The positions of the examples, in the order to visit them.</param>
    /// <param name="firstBatch">Where to begin, from 0: the number of batches done when a run is resumed within an epoch.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="SightlineException">A picture cannot be read; the message names the file. Thrown when the batch's turn comes.</exception>
    public IEnumerable<CaptionBatch> Read(IReadOnlyList<int> order, int firstBatch = 0, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(order);
        ArgumentOutOfRangeException.ThrowIfNegative(firstBatch);
        var count = BatchCount(order.Count);
        return Prefetcher.Run(Enumerable.Range(firstBatch, Math.Max(0, count - firstBatch)), number => Make(order, number), _options.Prefetch, cancellation);
    }

    private CaptionBatch Make(IReadOnlyList<int> order, int number)
    {
        var start = number * _options.BatchSize;
        var examples = new int[Math.Min(_options.BatchSize, order.Count - start)];
        var rows = new int[examples.Length];
        var images = new List<int>(examples.Length);
        for (var i = 0; i < examples.Length; i++)
        {
            examples[i] = order[start + i];
            var image = _dataset.Examples[examples[i]].Image;
            rows[i] = _options.ShareImages ? images.IndexOf(image) : -1;
            if (rows[i] >= 0)
                continue;
            rows[i] = images.Count;
            images.Add(image);
        }

        var pixels = new byte[PictureBytes * images.Count];
        for (var row = 0; row < images.Count; row++)
            _pixels.Read(images[row], pixels.AsSpan((int)(row * PictureBytes), (int)PictureBytes));
        return new CaptionBatch(number, examples, [.. images], rows, pixels);
    }
}
