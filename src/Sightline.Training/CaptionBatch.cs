namespace Sightline.Training;

/// <summary>
/// What one micro-batch of training or evaluation reads: pictures as pixel values and captions as label ids. Captions may share a picture
/// (<see cref="ImageIndex"/>), which is then encoded once.
/// </summary>
public sealed record CaptionBatch
{
    /// <summary>Labels with this value count in no loss (HF's <c>-100</c>).</summary>
    public const long IgnoredLabel = -100;

    /// <summary>Pixel values, row-major [<see cref="ImageCount"/>, channels, height, width], normalised as the model's preprocessor asks.</summary>
    public required ReadOnlyMemory<float> PixelValues { get; init; }

    /// <summary>Number of pictures.</summary>
    public required int ImageCount { get; init; }

    /// <summary>
    /// Label ids, row-major [rows, <see cref="LabelLength"/>], end token included, <see cref="IgnoredLabel"/> in the padding. The loss that counts padding puts the
    /// pad id there itself.
    /// </summary>
    public required ReadOnlyMemory<long> Labels { get; init; }

    /// <summary>Labels per row, 1 to the decoder's <c>n_positions</c>.</summary>
    public required int LabelLength { get; init; }

    /// <summary>[rows]: which picture each row describes; null where row i describes picture i.</summary>
    public ReadOnlyMemory<long>? ImageIndex { get; init; }

    /// <summary>What an error should call the rows, e.g. annotation ids; may be empty.</summary>
    public IReadOnlyList<string> Ids { get; init; } = [];

    /// <summary>Number of captions.</summary>
    public int RowCount => LabelLength == 0 ? 0 : Labels.Length / LabelLength;

    /// <summary>The first captions alone.</summary>
    internal CaptionBatch First(int rows) => this with
    {
        Labels = Labels[..(rows * LabelLength)],
        ImageIndex = ImageIndex?[..rows],
        ImageCount = ImageIndex is null ? rows : ImageCount,
        PixelValues = ImageIndex is null ? PixelValues[..(PixelValues.Length / ImageCount * rows)] : PixelValues,
        Ids = [.. Ids.Take(rows)],
    };

    /// <summary>Labels that are not padding.</summary>
    public int TokenCount
    {
        get
        {
            var count = 0;
            foreach (var label in Labels.Span)
                count += label == IgnoredLabel ? 0 : 1;
            return count;
        }
    }
}
