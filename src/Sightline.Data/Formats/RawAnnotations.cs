namespace Sightline.Data.Formats;

/// <summary>What a file says, entry by entry, before the entries are checked against each other.</summary>
internal sealed class RawAnnotations
{
    public List<RawImage> Images { get; } = [];

    public List<RawCaption> Captions { get; } = [];
}

/// <param name="Id">The file's id.</param>
/// <param name="FileName">Relative to the image folder, not yet checked.</param>
/// <param name="TextDetected">The picture shows text.</param>
/// <param name="Where">The entry's name in messages, with a point or a colon: <c>images[41].</c>, <c>line 3: </c>.</param>
internal sealed record RawImage(long Id, string FileName, bool TextDetected, string Where);

/// <param name="Id">The file's id, or null.</param>
/// <param name="ImageId">The id of the picture.</param>
/// <param name="Caption">The text.</param>
/// <param name="IsPrecanned">The flag; false where the file does not say.</param>
/// <param name="IsRejected">The flag; false where the file does not say.</param>
/// <param name="Where">The entry's name in messages, as for pictures.</param>
internal sealed record RawCaption(long? Id, long ImageId, string Caption, bool IsPrecanned, bool IsRejected, string Where);
