namespace Sightline.Data;

/// <summary>A picture of a data set.</summary>
/// <param name="Id">The annotation file's id; in a table the picture's position.</param>
/// <param name="FileName">The name as the annotation file has it, relative to the image folder.</param>
/// <param name="FilePath">The file; empty for a picture that exists only in memory.</param>
/// <param name="TextDetected">VizWiz's flag for a picture that shows text; false where the file does not say.</param>
public sealed record CaptionImage(long Id, string FileName, string FilePath, bool TextDetected = false);
