namespace Sightline.Imaging;

/// <summary>The size that a picture is wanted in: a decoder that can resize while it decodes does so.</summary>
/// <param name="Size">The size, upright.</param>
/// <param name="Resampling">The filter.</param>
internal readonly record struct ResizeTarget(ImageSize Size, Resampling Resampling);
