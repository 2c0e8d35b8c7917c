namespace Sightline.Data.Pipeline;

/// <summary>The examples of one step.</summary>
/// <param name="Number">The batch's position in its epoch, from 0.</param>
/// <param name="Examples">[batch] positions in <see cref="CaptionDataset.Examples"/>.</param>
/// <param name="Images">[images] positions in <see cref="CaptionDataset.Images"/>, one for each picture in <paramref name="Pixels"/>.</param>
/// <param name="PixelRows">[batch] which picture in <paramref name="Pixels"/> an example has: 0, 1, 2 … unless pictures are shared.</param>
/// <param name="Pixels">[images, height, width, 3] bytes, red green blue.</param>
public sealed record CaptionBatch(int Number, int[] Examples, int[] Images, int[] PixelRows, byte[] Pixels);
