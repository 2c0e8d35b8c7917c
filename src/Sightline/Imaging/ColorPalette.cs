namespace Sightline.Imaging;

/// <summary>Palettes of 256 colours, [256, 3]. Colours that a file does not define are grey levels, as in PIL.</summary>
internal static class ColorPalette
{
    public static byte[] GreyRamp()
    {
        var palette = new byte[256 * 3];
        for (var i = 0; i < palette.Length; i++)
            palette[i] = (byte)(i / 3);
        return palette;
    }

    /// <summary>Replaces the first colours by those of a file, [count, 3].</summary>
    /// <returns>False where there are none.</returns>
    public static bool TryFill(byte[] palette, ReadOnlySpan<byte> colors)
    {
        var count = Math.Min(colors.Length, palette.Length) / 3;
        colors[..(count * 3)].CopyTo(palette);
        return count > 0;
    }
}
