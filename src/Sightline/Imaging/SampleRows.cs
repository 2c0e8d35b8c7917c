namespace Sightline.Imaging;

/// <summary>The order of the samples of a pixel.</summary>
internal enum SampleLayout
{
    Grey,
    GreyAlpha,
    Palette,
    Rgb,
    Rgba,
    Cmyk,
}

/// <summary>Turns rows of packed samples into RGB as PIL's <c>convert("RGB")</c> does.</summary>
internal static class SampleRows
{
    /// <summary>Converts one row.</summary>
    /// <param name="row">Packed samples, the first in the highest bits; 16-bit samples big-endian.</param>
    /// <param name="width">Pixels of the row.</param>
    /// <param name="depth">Bits per sample: 1, 2, 4, 8 or 16 for grey and palettes (not 16), 8 or 16 otherwise.</param>
    /// <param name="layout">Order of the samples.</param>
    /// <param name="palette">[256, 3]; used by <see cref="SampleLayout.Palette"/>.</param>
    /// <param name="rgb">The result begins here.</param>
    /// <param name="step">Pixels from one result to the next (interlacing); 1: side by side.</param>
    /// <param name="skip">Samples between two pixels beyond those of the layout.</param>
    public static void ToRgb(
        ReadOnlySpan<byte> row, int width, int depth, SampleLayout layout, ReadOnlySpan<byte> palette, Span<byte> rgb, int step = 1, int skip = 0)
    {
        if (layout == SampleLayout.Rgb && depth == 8 && step == 1 && skip == 0)
        {
            row[..(width * 3)].CopyTo(rgb);
            return;
        }

        var bytes = Math.Max(depth / 8, 1);
        var pixel = bytes * (Samples(layout) + skip);
        for (int x = 0, at = 0, to = 0; x < width; x++, at += pixel, to += step * 3)
        {
            switch (layout)
            {
                case SampleLayout.Palette:
                    palette.Slice(Packed(row, x, depth) * 3, 3).CopyTo(rgb[to..]);
                    break;
                case SampleLayout.Grey when depth < 8:
                    rgb.Slice(to, 3).Fill((byte)(Packed(row, x, depth) * 255 / ((1 << depth) - 1)));
                    break;
                case SampleLayout.Grey when depth == 16:
                    // PIL keeps 16-bit grey as an integer and clips it: bright pictures come out white.
                    rgb.Slice(to, 3).Fill(row[at] != 0 ? byte.MaxValue : row[at + 1]);
                    break;
                case SampleLayout.Grey or SampleLayout.GreyAlpha:
                    rgb.Slice(to, 3).Fill(row[at]);
                    break;
                case SampleLayout.Cmyk:
                    var light = 255 - row[at + (3 * bytes)];
                    for (var c = 0; c < 3; c++)
                        rgb[to + c] = (byte)Math.Clamp(light - MultiplyDivide255(row[at + (c * bytes)], light), 0, 255);
                    break;
                default:
                    rgb[to + 2] = row[at + (2 * bytes)];
                    rgb[to + 1] = row[at + bytes];
                    rgb[to] = row[at];
                    break;
            }
        }
    }

    public static int Samples(SampleLayout layout) => layout switch
    {
        SampleLayout.GreyAlpha => 2,
        SampleLayout.Rgb => 3,
        SampleLayout.Rgba or SampleLayout.Cmyk => 4,
        _ => 1,
    };

    private static int Packed(ReadOnlySpan<byte> row, int x, int depth)
    {
        var bit = x * depth;
        return (row[bit >> 3] >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
    }

    // Pillow's MULDIV255: a * b / 255, rounded.
    private static int MultiplyDivide255(int a, int b)
    {
        var t = (a * b) + 128;
        return ((t >> 8) + t) >> 8;
    }
}
