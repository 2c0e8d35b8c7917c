namespace Sightline.Data;

/// <summary>One training example: a picture and one of its captions.</summary>
/// <param name="Image">The picture's position in <see cref="CaptionDataset.Images"/>.</param>
/// <param name="Caption">The caption, as the file has it.</param>
/// <param name="Id">The annotation's id; the position where the file has none.</param>
/// <param name="IsPrecanned">The caption is VizWiz's sentence for unusable pictures.</param>
/// <param name="IsRejected">VizWiz's reviewers rejected the caption.</param>
public sealed record CaptionExample(int Image, string Caption, long Id, bool IsPrecanned = false, bool IsRejected = false);
