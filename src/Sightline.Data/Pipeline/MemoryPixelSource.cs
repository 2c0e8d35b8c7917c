namespace Sightline.Data.Pipeline;

/// <summary>Pixels held in memory, such as those of the demo set.</summary>
public sealed class MemoryPixelSource : IPixelSource
{
    private readonly IReadOnlyList<byte[]> _pictures;

    /// <summary>Wraps pictures without copying them.</summary>
    /// <param name="width">Pixels a row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="pictures">[height, width, 3] bytes each.</param>
    /// <exception cref="ArgumentException">A picture has another length.</exception>
    public MemoryPixelSource(int width, int height, IReadOnlyList<byte[]> pictures)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentNullException.ThrowIfNull(pictures);
        var length = 3L * width * height;
        for (var i = 0; i < pictures.Count; i++)
        {
            if (pictures[i].Length != length)
                throw new ArgumentException($"Picture {i} has {pictures[i].Length} bytes; {width} x {height} pixels take {length}.", nameof(pictures));
        }

        (Width, Height, _pictures) = (width, height, pictures);
    }

    /// <inheritdoc/>
    public int Count => _pictures.Count;

    /// <inheritdoc/>
    public int Width { get; }

    /// <inheritdoc/>
    public int Height { get; }

    /// <inheritdoc/>
    public void Read(int image, Span<byte> pixels) => _pictures[image].CopyTo(pixels);
}
