namespace Sightline.Imaging;

/// <summary>How <see cref="ImageDecoder"/> reads a picture, and how large one it accepts.</summary>
public sealed record ImageDecodeOptions
{
    /// <summary>The defaults: what a photo from a user needs.</summary>
    public static ImageDecodeOptions Default { get; } = new();

    /// <summary>
    /// Turn the picture as its EXIF orientation says (as PIL's <c>ImageOps.exif_transpose</c> and the pipelines of Transformers do). Default true.
    /// Set false for parity with training scripts, which read <c>Image.open(f).convert("RGB")</c> and ignore the tag. The orientation of a TIFF
    /// file is applied either way, as PIL does when it opens one.
    /// </summary>
    public bool ApplyExifOrientation { get; init; } = true;

    /// <summary>
    /// The most pixels (width times height, as the file declares them) that are decoded; checked before memory is taken.
    /// Default 178 956 970, where PIL raises DecompressionBombError; from 1 to 715 827 869.
    /// </summary>
    public long MaxPixels { get; init; } = 178_956_970;

    /// <summary>The largest file that is read, in bytes. Default 256 MiB; from 1 to 2^31 - 57.</summary>
    public long MaxBytes { get; init; } = 256L << 20;

    /// <summary>
    /// Allows the decoder to halve a large JPEG once, twice or three times while decoding (in the frequency domain), as long as both sides stay
    /// at least this many pixels. Null, the default: never, the pixels are exact. With four times the model's input side (896 for 224) the
    /// resized 8-bit pixels stay within a mean distance of 1 and a maximum of 16 levels (of 255) of the exact path: that is what the tests hold
    /// photographs to. Other file kinds ignore it.
    /// </summary>
    public int? ScaledDecodingMinSide { get; init; }

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public void Validate()
    {
        const long MostPixels = 0x7FFFFFC7 / 3;
        if (MaxPixels is < 1 or > MostPixels)
            throw new ArgumentOutOfRangeException(nameof(MaxPixels), MaxPixels, $"MaxPixels must be from 1 to {MostPixels}.");
        if (MaxBytes is < 1 or > 0x7FFFFFC7)
            throw new ArgumentOutOfRangeException(nameof(MaxBytes), MaxBytes, $"MaxBytes must be from 1 to {0x7FFFFFC7}.");
        if (ScaledDecodingMinSide < 1)
            throw new ArgumentOutOfRangeException(nameof(ScaledDecodingMinSide), ScaledDecodingMinSide, "ScaledDecodingMinSide must be at least 1, or null.");
    }
}
