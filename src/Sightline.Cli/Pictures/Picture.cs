namespace Sightline.Cli.Pictures;

/// <summary>One picture of a set.</summary>
/// <param name="Id">Tells it from every other one of the set; the same on every machine.</param>
/// <param name="Open">Gives it; nothing is read before.</param>
internal sealed record Picture(string Id, Func<ImageInput> Open);
