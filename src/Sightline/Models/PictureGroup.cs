namespace Sightline.Models;

/// <summary>
/// How many pictures of a batch pass a layer at a time: one after the other, unless they are small. What lies between the layer's parts stays in the
/// caches then, as do its weights from picture to picture.
/// </summary>
internal static class PictureGroup
{
    private const int Rows = 256;

    /// <summary>The pictures of a group.</summary>
    /// <param name="batch">Pictures of the batch.</param>
    /// <param name="length">Positions of a picture.</param>
    public static int Size(int batch, int length) => Math.Clamp(Rows / length, 1, batch);
}
