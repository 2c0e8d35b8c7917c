namespace Sightline.Tokenization;

/// <summary>How the rows of a batch are brought to one length.</summary>
public enum Padding
{
    /// <summary>Rows keep their lengths (<c>padding=False</c>).</summary>
    None,

    /// <summary>To the longest row (<c>padding=True</c> or <c>"longest"</c>).</summary>
    Longest,

    /// <summary>To the maximum length (<c>padding="max_length"</c>).</summary>
    MaxLength,
}
