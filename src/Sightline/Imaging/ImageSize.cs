namespace Sightline.Imaging;

/// <summary>Sides in pixels. Note the order: width first.</summary>
/// <param name="Width">Pixels per row.</param>
/// <param name="Height">Rows.</param>
public readonly record struct ImageSize(int Width, int Height)
{
    /// <summary>As messages show it: <c>80 x 48</c>.</summary>
    public override string ToString() => $"{Width} x {Height}";
}
