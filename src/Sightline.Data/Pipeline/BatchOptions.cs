namespace Sightline.Data.Pipeline;

/// <summary>How examples are put into batches.</summary>
public sealed record BatchOptions
{
    /// <summary>Examples a batch, 1 to 65,536. Default 8, as on the model card.</summary>
    public int BatchSize { get; init; } = 8;

    /// <summary>Leave out a last batch that is not full (<c>dataloader_drop_last</c>). Default false.</summary>
    public bool DropLast { get; init; }

    /// <summary>Hold the pixels of a picture once, however many of its captions are in the batch. Default false.</summary>
    public bool ShareImages { get; init; }

    /// <summary>How many batches are made at once, and how many may wait; a batch of 8 pictures of 224 pixels takes 1.2 MB.</summary>
    public PrefetchOptions Prefetch { get; init; } = new();

    /// <summary>Checks every value.</summary>
    /// <exception cref="ConfigurationException">A value is out of range.</exception>
    public void Validate()
    {
        if (BatchSize is < 1 or > 65_536)
            throw new ConfigurationException($"batch options: the batch size is {BatchSize}, expected 1 to 65536.");
        Prefetch.Validate();
    }
}
