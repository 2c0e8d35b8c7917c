namespace Sightline.Data.Pipeline;

/// <summary>Gives the pixels of a data set's pictures, all of one size, ready to be normalised. Safe to use from many threads.</summary>
public interface IPixelSource
{
    /// <summary>How many pictures there are.</summary>
    int Count { get; }

    /// <summary>Pixels a row.</summary>
    int Width { get; }

    /// <summary>Rows.</summary>
    int Height { get; }

    /// <summary>Reads one picture.</summary>
    /// <param name="image">The picture's position in <see cref="CaptionDataset.Images"/>.</param>
    /// <param name="pixels">[height, width, 3] bytes, red green blue; exactly that length.</param>
    /// <exception cref="SightlineException">The picture cannot be read; the message names the file.</exception>
    void Read(int image, Span<byte> pixels);
}
