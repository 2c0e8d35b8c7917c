namespace Sightline.Imaging;

/// <summary>
/// Makes the model's input of a picture as ViTFeatureExtractor and DeiTFeatureExtractor (4.17) or ViTImageProcessor and DeiTImageProcessor
/// (4.31) do: resize, centre crop, rescale, normalise, with the same bits. Safe to use from many threads.
/// </summary>
public sealed class ViTImageProcessor
{
    // [channel * 256 + byte]: all that follows the resize depends on the byte alone.
    private readonly float[] _table = new float[3 * 256];

    /// <summary>Creates a processor.</summary>
    /// <exception cref="ConfigurationException">The configuration is out of range.</exception>
    public ViTImageProcessor(ImageProcessorConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        config.Validate();
        Config = config;
        for (var c = 0; c < 3; c++)
            for (var v = 0; v < 256; v++)
                _table[(c * 256) + v] = PixelValue(config, c, v);
    }

    /// <summary>The configuration, unchanged.</summary>
    public ImageProcessorConfig Config { get; }

    /// <summary>The resize that comes first; null where the configuration has none. A picture that was resized so already is left as it is.</summary>
    internal ResizeTarget? Target => Config.DoResize ? new ResizeTarget(Config.Size, Config.Resample) : null;

    /// <summary>The size of the model's input for a picture: fixed, unless the configuration neither resizes nor crops.</summary>
    public ImageSize GetOutputSize(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return Config.DoCenterCrop ? Config.CropSize : Config.DoResize ? Config.Size : new(image.Width, image.Height);
    }

    /// <summary>The model's input for one picture.</summary>
    /// <param name="image">The picture; not changed.</param>
    /// <returns>pixel_values, [3, height, width] of <see cref="GetOutputSize"/>.</returns>
    public float[] Preprocess(RgbImage image)
    {
        var size = GetOutputSize(image);
        var pixelValues = new float[checked(3 * size.Width * size.Height)];
        Preprocess(image, pixelValues);
        return pixelValues;
    }

    /// <summary>Writes the model's input for one picture, say into its place in a batch.</summary>
    /// <param name="image">The picture; not changed.</param>
    /// <param name="pixelValues">[3, height, width] of <see cref="GetOutputSize"/>, exactly.</param>
    /// <exception cref="ArgumentException">The length of <paramref name="pixelValues"/> is another.</exception>
    public void Preprocess(RgbImage image, Span<float> pixelValues)
    {
        var size = GetOutputSize(image);
        if (pixelValues.Length != 3L * size.Width * size.Height)
            throw new ArgumentException($"{size} pixels take {3L * size.Width * size.Height} values; {pixelValues.Length} were given.", nameof(pixelValues));
        var picture = Prepare(image);
        var plane = size.Width * size.Height;
        ReadOnlySpan<byte> pixels = picture.Pixels;
        for (var c = 0; c < 3; c++)
        {
            var table = _table.AsSpan(c * 256, 256);
            var values = pixelValues.Slice(c * plane, plane);
            for (int i = 0, at = c; i < values.Length; i++, at += 3)
                values[i] = table[pixels[at]];
        }
    }

    /// <summary>The picture as it is after resize and crop, before its bytes become numbers.</summary>
    /// <returns>A picture of <see cref="GetOutputSize"/>; the same object where nothing is to be done.</returns>
    public RgbImage Prepare(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (Config.DoResize && (image.Width != Config.Size.Width || image.Height != Config.Size.Height))
            image = PillowResize.Resize(image, Config.Size.Width, Config.Size.Height, Config.Resample);
        return Config.DoCenterCrop ? CenterCrop(image, Config.CropSize) : image;
    }

    private static RgbImage CenterCrop(RgbImage image, ImageSize size)
    {
        if (size.Width == image.Width && size.Height == image.Height)
            return image;
        var result = new RgbImage(size.Width, size.Height);

        // Python's floor division: an odd surplus of a larger cut goes to the left and top.
        var left = (image.Width - size.Width) >> 1;
        var top = (image.Height - size.Height) >> 1;
        var firstX = Math.Max(-left, 0);
        var count = Math.Min(image.Width - left, size.Width) - firstX;
        for (var y = Math.Max(-top, 0); y < Math.Min(image.Height - top, size.Height); y++)
            image.Row(top + y).Slice((left + firstX) * 3, count * 3).CopyTo(result.Row(y)[(firstX * 3)..]);
        return result;
    }

    // 4.17 divides in single precision; 4.31 multiplies in double and rounds to single. Then both: single.
    private static float PixelValue(ImageProcessorConfig config, int channel, int value)
    {
        float rescaled = value;
        if (config.Style == ImageProcessorStyle.FeatureExtractor)
            rescaled = value / 255f;
        else if (config.DoRescale)
            rescaled = (float)(value * config.RescaleFactor);
        return config.DoNormalize ? (rescaled - (float)config.ImageMean[channel]) / (float)config.ImageStd[channel] : rescaled;
    }
}
