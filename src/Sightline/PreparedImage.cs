namespace Sightline;

/// <summary>A picture that is decoded, resized and normalised: what the model reads.</summary>
/// <param name="Name">Names the picture.</param>
/// <param name="Width">Width of the picture as decoded, upright, in pixels.</param>
/// <param name="Height">Height of the picture as decoded, upright, in pixels.</param>
/// <param name="PixelValues">[channels, imageSize, imageSize].</param>
public sealed record PreparedImage(string Name, int Width, int Height, float[] PixelValues);
