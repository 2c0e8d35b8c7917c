namespace Sightline.Data.Shapes;

/// <summary>One picture of the demo set.</summary>
/// <param name="Id">The image id, unique over all parts.</param>
/// <param name="FileName">The file name in its part's folder.</param>
/// <param name="Scene">What the picture shows.</param>
/// <param name="Captions">Five captions.</param>
/// <param name="Pixels">[size, size, 3] bytes, red green blue.</param>
public sealed record ShapesPicture(int Id, string FileName, ShapesScene Scene, IReadOnlyList<string> Captions, byte[] Pixels);
