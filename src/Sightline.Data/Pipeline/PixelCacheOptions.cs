namespace Sightline.Data.Pipeline;

/// <summary>How a pixel cache is made.</summary>
public sealed record PixelCacheOptions
{
    /// <summary>Pictures that cannot be decoded. Default fail, naming them.</summary>
    public FaultPolicy CorruptImages { get; init; } = FaultPolicy.Fail;

    /// <summary>How many pictures are decoded at once, and how many may wait to be written.</summary>
    public PrefetchOptions Prefetch { get; init; } = new();

    /// <summary>Told how many pictures are written, from the thread that builds; null: nobody.</summary>
    public Action<int>? Progress { get; init; }
}
