namespace Sightline;

/// <summary>How a <see cref="CaptionPipeline"/> works.</summary>
public sealed record CaptionPipelineOptions
{
    /// <summary>The most readers that <see cref="Readers"/> = 0 chooses; each holds a decoded photo.</summary>
    internal const int MostDefaultReaders = 4;

    /// <summary>The most pictures that go through the model together. Default 8, from 1 to 1024. Twice as many prepared pictures are held at most.</summary>
    public int BatchSize { get; init; } = 8;

    /// <summary>
    /// Pictures that are read and decoded at once; each holds memory for one picture, up to <see cref="Imaging.ImageDecodeOptions.MaxPixels"/> large.
    /// 0, the default: one per processor, at most 4; up to 1024.
    /// </summary>
    public int Readers { get; init; }

    /// <summary>
    /// How long a batch that is not full waits for another picture. The default, <see cref="Timeout.InfiniteTimeSpan"/>, waits until the pictures end:
    /// right for folders. Where somebody waits for the answer to the pictures given so far, some milliseconds.
    /// </summary>
    public TimeSpan Linger { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Throws if a value is out of its range.</summary>
    /// <exception cref="ConfigurationException">All faults in one line.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        if (BatchSize is < 1 or > 1024)
            faults.Add($"BatchSize is {BatchSize}; 1 to 1024 was expected");
        if (Readers is < 0 or > 1024)
            faults.Add($"Readers is {Readers}; 0 (one per processor, at most {MostDefaultReaders}) to 1024 was expected");
        if (Linger != Timeout.InfiniteTimeSpan && (Linger < TimeSpan.Zero || Linger > TimeSpan.FromDays(1)))
            faults.Add($"Linger is {Linger}; zero to a day, or infinite, was expected");
        if (faults.Count > 0)
            throw new ConfigurationException($"caption pipeline options: {string.Join("; ", faults)}.");
    }
}
