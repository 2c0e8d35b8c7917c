namespace Sightline.Imaging;

/// <summary>A decoded picture: 8 bits per channel, red, green, blue, no alpha. Immutable in size; the pixels may be changed in place.</summary>
public sealed class RgbImage
{
    /// <summary>Creates a black picture.</summary>
    /// <param name="width">Pixels per row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A side is below 1, or the picture has more than 715 million pixels.</exception>
    public RgbImage(int width, int height) : this(width, height, new byte[ByteCount(width, height)]) { }

    /// <summary>Wraps pixels without copying them.</summary>
    /// <param name="width">Pixels per row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="pixels">[height, width, 3], so <c>3 * width * height</c> bytes.</param>
    /// <exception cref="ArgumentException">The length of <paramref name="pixels"/> does not fit the sides.</exception>
    public RgbImage(int width, int height, byte[] pixels)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        var expected = ByteCount(width, height);
        if (pixels.Length != expected)
            throw new ArgumentException($"{width} x {height} pixels take {expected} bytes; {pixels.Length} were given.", nameof(pixels));
        Width = width;
        Height = height;
        Pixels = pixels;
    }

    /// <summary>Pixels per row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>The pixels, row by row from the top, interleaved red, green, blue: [height, width, 3].</summary>
    public byte[] Pixels { get; }

    /// <summary>The bytes of one row: [width, 3].</summary>
    internal Span<byte> Row(int y) => Pixels.AsSpan(y * Width * 3, Width * 3);

    private static int ByteCount(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        var bytes = 3L * width * height;
        if (bytes > Array.MaxLength)
            throw new ArgumentOutOfRangeException(nameof(width), $"{width} x {height} pixels are more than one picture can hold.");
        return (int)bytes;
    }
}
