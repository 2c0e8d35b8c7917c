namespace Sightline.Data;

/// <summary>What to do with captions that carry a flag of the annotation file.</summary>
public enum FlagFilter
{
    /// <summary>Keep captions with and without the flag.</summary>
    Keep,

    /// <summary>Drop captions with the flag.</summary>
    Exclude,

    /// <summary>Keep only captions with the flag.</summary>
    Only,
}
