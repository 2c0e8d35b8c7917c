using Sightline.Kernels;

namespace Sightline.Imaging;

/// <summary>Resizes as Pillow 9.4's <c>Image.resize((width, height), resample)</c> does for 8-bit RGB, bit for bit.</summary>
/// <remarks>
/// Two passes, first along rows, then along columns, with 8-bit results between them; a pass whose size does not change is left out. When
/// shrinking, the filter is widened by the ratio (antialiasing). Formulas after src/libImaging/Resample.c and Geometry.c of Pillow 9.4.
/// </remarks>
public static class PillowResize
{
    /// <summary>A new picture of the given size; a copy where the size is the same already.</summary>
    /// <param name="image">The picture; not changed.</param>
    /// <param name="width">Width of the result, at least 1.</param>
    /// <param name="height">Height of the result, at least 1.</param>
    /// <param name="resampling">The filter.</param>
    /// <exception cref="ArgumentOutOfRangeException">A side is below 1, the result too large, or the filter unknown.</exception>
    public static RgbImage Resize(RgbImage image, int width, int height, Resampling resampling) =>
        Resize(image, width, height, resampling, ResampleKernels.IsVectorized);

    /// <summary>As the public method, with the choice between the plain passes and the vectorised ones.</summary>
    internal static RgbImage Resize(RgbImage image, int width, int height, Resampling resampling, bool vectorized)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (!Enum.IsDefined(resampling))
            throw new ArgumentOutOfRangeException(nameof(resampling), resampling, "Unknown filter.");
        if (width == image.Width && height == image.Height)
            return new RgbImage(width, height, (byte[])image.Pixels.Clone());
        if (resampling == Resampling.Nearest)
            return Nearest(image, width, height);
        var result = image;
        if (width != image.Width)
        {
            result = new RgbImage(width, image.Height);
            var weights = ResampleCoefficients.Compute(image.Width, width, resampling);
            if (vectorized)
                ResampleKernels.Horizontal(
                    image.Pixels, image.Width, result.Pixels, width, weights.Starts, weights.Counts, weights.Weights, ResampleKernels.Spread(width, weights.Counts, weights.Weights));
            else
                ResampleKernels.HorizontalPlain(image.Pixels, image.Width, result.Pixels, width, weights.Starts, weights.Counts, weights.Weights);
        }

        if (height != image.Height)
        {
            var source = result;
            result = new RgbImage(width, height);
            var weights = ResampleCoefficients.Compute(image.Height, height, resampling);
            if (vectorized)
                ResampleKernels.Vertical(source.Pixels, width * 3, result.Pixels, weights.Starts, weights.Counts, weights.Weights);
            else
                ResampleKernels.VerticalPlain(source.Pixels, width * 3, result.Pixels, weights.Starts, weights.Counts, weights.Weights);
        }

        return result;
    }

    private static RgbImage Nearest(RgbImage image, int width, int height)
    {
        var result = new RgbImage(width, height);
        var columns = NearestPositions(image.Width, width);
        var rows = NearestPositions(image.Height, height);
        for (var y = 0; y < height; y++)
        {
            ReadOnlySpan<byte> source = image.Row(rows[y]);
            var target = result.Row(y);
            for (var x = 0; x < width; x++)
                source.Slice(columns[x] * 3, 3).CopyTo(target[(x * 3)..]);
        }

        return result;
    }

    // Pillow adds the step up instead of multiplying; the rounding differs for some sizes.
    private static int[] NearestPositions(int inputSize, int outputSize)
    {
        var positions = new int[outputSize];
        var step = (double)inputSize / outputSize;
        var position = step * 0.5;
        for (var i = 0; i < outputSize; i++, position += step)
            positions[i] = Math.Min((int)position, inputSize - 1);
        return positions;
    }
}
