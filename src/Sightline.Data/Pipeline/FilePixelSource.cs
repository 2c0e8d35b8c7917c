using Sightline.Imaging;

namespace Sightline.Data.Pipeline;

/// <summary>Decodes, resizes and crops pictures from their files each time they are read.</summary>
public sealed class FilePixelSource : IPixelSource
{
    private readonly CaptionDataset _dataset;
    private readonly ViTImageProcessor _processor;
    private readonly ImageDecodeOptions _decode;

    /// <summary>Makes the source of a data set's files.</summary>
    /// <param name="dataset">The data set.</param>
    /// <param name="processor">Resize and crop; one of them must be on, so that all pictures have one size.</param>
    /// <param name="decode">
    /// How files are decoded; null: the defaults without EXIF orientation, as training scripts read pictures (<c>Image.open(f).convert("RGB")</c>).
    /// </param>
    /// <exception cref="ConfigurationException">The processor neither resizes nor crops.</exception>
    public FilePixelSource(CaptionDataset dataset, ImageProcessorConfig processor, ImageDecodeOptions? decode = null)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(processor);
        if (!processor.DoResize && !processor.DoCenterCrop)
            throw new ConfigurationException("the image processor neither resizes nor crops (do_resize, do_center_crop); a batch needs pictures of one size.");
        _dataset = dataset;
        _processor = new ViTImageProcessor(processor);
        _decode = decode ?? new ImageDecodeOptions { ApplyExifOrientation = false };
        var size = processor.DoCenterCrop ? processor.CropSize : processor.Size;
        (Width, Height) = (size.Width, size.Height);
    }

    /// <inheritdoc/>
    public int Count => _dataset.Images.Count;

    /// <inheritdoc/>
    public int Width { get; }

    /// <inheritdoc/>
    public int Height { get; }

    /// <summary>Whatever decides the pixels of a file, as text.</summary>
    internal string Settings =>
        $"resize={_processor.Config.DoResize},{_processor.Config.Size},{_processor.Config.Resample};crop={_processor.Config.DoCenterCrop},{_processor.Config.CropSize};"
        + $"exif={_decode.ApplyExifOrientation};scaled={_decode.ScaledDecodingMinSide};most={_decode.MaxPixels},{_decode.MaxBytes}";

    /// <inheritdoc/>
    public void Read(int image, Span<byte> pixels)
    {
        var path = _dataset.Images[image].FilePath;
        try
        {
            _processor.Prepare(ImageDecoder.DecodeFile(path, _decode)).Pixels.CopyTo(pixels);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException($"{path}: cannot be read ({e.Message})", e);
        }
    }

    /// <summary>Reads every picture once and lists those that cannot be read.</summary>
    /// <param name="options">How many are read at once.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <returns>The position of each faulty picture and one line that says what is wrong.</returns>
    public IReadOnlyList<(int Image, string Problem)> FindFaulty(PrefetchOptions? options = null, CancellationToken cancellation = default) =>
        [.. Prefetcher.Run(Enumerable.Range(0, Count), image => (image, TryRead(image).Problem), options ?? new PrefetchOptions(), cancellation)
            .Where(result => result.Problem is not null).Select(result => (result.image, result.Problem!))];

    internal (byte[] Pixels, string? Problem) TryRead(int image)
    {
        var pixels = new byte[3 * Width * Height];
        try
        {
            Read(image, pixels);
            return (pixels, null);
        }
        catch (SightlineException e)
        {
            return (pixels, e.Message);
        }
    }
}
