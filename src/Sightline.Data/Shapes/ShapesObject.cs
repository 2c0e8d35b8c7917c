namespace Sightline.Data.Shapes;

/// <summary>One thing in a scene. Lengths are fractions of the picture's side; the origin is the top left corner.</summary>
/// <param name="Colour">A colour word such as <c>red</c>.</param>
/// <param name="Shape">A shape word such as <c>circle</c>.</param>
/// <param name="Size"><c>small</c> or <c>large</c>.</param>
/// <param name="Radius">Half the extent.</param>
/// <param name="X">The centre, from the left.</param>
/// <param name="Y">The centre, from the top.</param>
/// <param name="Place">The cell of a three by three grid, row by row, 0 to 8; null where the scene does not name it.</param>
public sealed record ShapesObject(string Colour, string Shape, string Size, double Radius, double X, double Y, int? Place = null);
