using Sightline.Generation;
using Sightline.Hub;
using Sightline.Imaging;
using Sightline.Kernels;

namespace Sightline;

/// <summary>How a <see cref="Captioner"/> is loaded and run.</summary>
public sealed record CaptionerOptions
{
    /// <summary>The most that <see cref="DraftTokens"/> may be: 7.</summary>
    public const int MaxDraftTokens = DraftTable.Limit;

    /// <summary>Threads for the arithmetic; 0 (the default) means one per physical core.</summary>
    public int Threads { get; init; }

    /// <summary>Number format of the weights while the model runs. Default: that of the checkpoint if it was converted to one, else fp32.</summary>
    public WeightFormat DType { get; init; }

    /// <summary>The most pictures that are encoded and decoded in one pass. Default 8; more need more memory.</summary>
    public int BatchSize { get; init; } = 8;

    /// <summary>How pictures are decoded: EXIF orientation applied (photos from users are stored rotated), and the limits on size.</summary>
    public ImageDecodeOptions ImageDecoding { get; init; } = ImageDecodeOptions.Default;

    /// <summary>
    /// The longest caption in tokens, the start token included, where neither the caller nor the checkpoint gives a length. Default 50:
    /// Hugging Face's 20 cuts 8.8 % of the VizWiz captions.
    /// </summary>
    public int DefaultMaxLength { get; init; } = 50;

    /// <summary>
    /// How many tokens of a lone picture's caption are guessed ahead, by phrases of the captions that this captioner gave before, which it keeps in
    /// memory only: 0 (nothing) to <see cref="MaxDraftTokens"/>. Default 5. Greedy search and sampling of one sequence go faster where guesses come true;
    /// captions and scores are the same, bit for bit.
    /// </summary>
    public int DraftTokens { get; init; } = 5;

    /// <summary>Where a model that is named as <c>owner/name</c> comes from; null (the default) means what the environment says.</summary>
    public HubOptions? Hub { get; init; }

    /// <summary>Throws if a value is out of its range.</summary>
    /// <exception cref="ConfigurationException">All faults in one line.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        if (Threads is < 0 or > 1024)
            faults.Add($"Threads is {Threads}; 0 (one per physical core) to 1024 was expected");
        if (BatchSize is < 1 or > 1024)
            faults.Add($"BatchSize is {BatchSize}; 1 to 1024 was expected");
        if (!Enum.IsDefined(DType))
            faults.Add($"DType is {(int)DType}; one of {string.Join(", ", Enum.GetNames<WeightFormat>())} was expected");
        if (DefaultMaxLength < 2)
            faults.Add($"DefaultMaxLength is {DefaultMaxLength}; at least 2 was expected");
        if (DraftTokens is < 0 or > MaxDraftTokens)
            faults.Add($"DraftTokens is {DraftTokens}; 0 (none) to {MaxDraftTokens} was expected");
        if (faults.Count > 0)
            throw new ConfigurationException($"captioner options: {string.Join("; ", faults)}.");
        ImageDecoding.Validate();
        Hub?.Validate();
    }
}
