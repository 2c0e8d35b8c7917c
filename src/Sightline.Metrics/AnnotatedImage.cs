namespace Sightline.Metrics;

/// <summary>One image with its references in the order of the file.</summary>
/// <param name="Id">The image id.</param>
/// <param name="FileName">The file name, or null where the file does not say.</param>
/// <param name="TextDetected">VizWiz: whether text was found in the picture; null where the file does not say.</param>
/// <param name="References">The references, dropped ones included.</param>
public sealed record AnnotatedImage(long Id, string? FileName, bool? TextDetected, IReadOnlyList<ReferenceCaption> References);
