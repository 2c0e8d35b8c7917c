namespace Sightline.Imaging;

/// <summary>A decoded picture, upright if that was asked for.</summary>
/// <param name="Image">The pixels; already of the wanted size where the decoder could resize.</param>
/// <param name="Width">Width before any resize.</param>
/// <param name="Height">Height before any resize.</param>
internal readonly record struct DecodedPicture(RgbImage Image, int Width, int Height);
