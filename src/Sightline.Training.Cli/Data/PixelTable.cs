using Sightline.Imaging;

namespace Sightline.Training.Cli.Data;

/// <summary>Bytes to pixel values: rescaling and normalising depend on the channel and the byte alone.</summary>
internal sealed class PixelTable
{
    private readonly float[] _values; // [3, 256]

    public PixelTable(ImageProcessorConfig config)
    {
        var ramp = new byte[3 * 256];
        for (var i = 0; i < ramp.Length; i++)
            ramp[i] = (byte)(i / 3);
        _values = new ViTImageProcessor(config with { DoResize = false, DoCenterCrop = false }).Preprocess(new RgbImage(256, 1, ramp));
    }

    /// <summary>Converts one picture.</summary>
    /// <param name="pixels">[height, width, 3].</param>
    /// <param name="pixelValues">[3, height, width].</param>
    public void Convert(ReadOnlySpan<byte> pixels, Span<float> pixelValues)
    {
        var plane = pixelValues.Length / 3;
        for (var channel = 0; channel < 3; channel++)
        {
            var table = _values.AsSpan(channel * 256, 256);
            var values = pixelValues.Slice(channel * plane, plane);
            for (int i = 0, at = channel; i < values.Length; i++, at += 3)
                values[i] = table[pixels[at]];
        }
    }
}
