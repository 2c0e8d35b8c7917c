using Sightline.Data.Shapes;

namespace Sightline.Training.Cli.Demo;

/// <summary>A caption that the fresh model gave, and whether the scene's rule calls it true.</summary>
internal sealed record JudgedCaption(ShapesPicture Picture, Caption Caption, bool IsTrue);
