namespace Sightline.Data.Shapes;

/// <summary>The splits of the demo set.</summary>
public enum ShapesPart
{
    /// <summary>Training pictures; each shape has one colour that it never has here.</summary>
    Train,

    /// <summary>New pictures drawn like those of <see cref="Train"/>.</summary>
    Val,

    /// <summary>Pictures with at least one colour-shape pair that never occurs in <see cref="Train"/>.</summary>
    Heldout,
}
