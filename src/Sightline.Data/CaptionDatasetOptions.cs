namespace Sightline.Data;

/// <summary>Which captions of a file are used, and what happens to faulty ones. The defaults keep every caption, as the model card's run did.</summary>
public sealed record CaptionDatasetOptions
{
    /// <summary>Captions that are VizWiz's sentence for unusable pictures (<c>is_precanned</c>). Default keep.</summary>
    public FlagFilter Precanned { get; init; } = FlagFilter.Keep;

    /// <summary>Captions that VizWiz's reviewers rejected as spam (<c>is_rejected</c>). Default keep.</summary>
    public FlagFilter Rejected { get; init; } = FlagFilter.Keep;

    /// <summary>Captions of pictures that show text (<c>text_detected</c>). Default keep.</summary>
    public FlagFilter TextDetected { get; init; } = FlagFilter.Keep;

    /// <summary>Pictures that are not in the image folder. Default fail.</summary>
    public FaultPolicy MissingImages { get; init; } = FaultPolicy.Fail;

    /// <summary>Entries that lack a value or hold a wrong one. Default fail.</summary>
    public FaultPolicy BadEntries { get; init; } = FaultPolicy.Fail;

    /// <summary>Look for every picture in the image folder. Default true; false for work on the captions alone.</summary>
    public bool RequireImageFiles { get; init; } = true;

    /// <summary>Accept a file that leaves no caption, such as that of a test split. Default false.</summary>
    public bool AllowNoCaptions { get; init; }

    /// <summary>The largest annotation file that is read, in bytes, 1 to 2,000,000,000. Default 1 GiB (COCO's training file has 92 MB).</summary>
    public long MaxFileBytes { get; init; } = 1L << 30;

    /// <summary>The longest caption or file name accepted, in characters, 1 to 1,000,000. Default 10,000.</summary>
    public int MaxCharacters { get; init; } = 10_000;

    /// <summary>Checks every value.</summary>
    /// <exception cref="ConfigurationException">A value is out of range; all of them are named.</exception>
    public void Validate()
    {
        var problems = new List<string>();
        if (MaxFileBytes is < 1 or > 2_000_000_000)
            problems.Add($"MaxFileBytes is {MaxFileBytes}, expected 1 to 2000000000");
        if (MaxCharacters is < 1 or > 1_000_000)
            problems.Add($"MaxCharacters is {MaxCharacters}, expected 1 to 1000000");
        if (problems.Count > 0)
            throw new ConfigurationException($"data set options: {string.Join("; ", problems)}.");
    }
}
