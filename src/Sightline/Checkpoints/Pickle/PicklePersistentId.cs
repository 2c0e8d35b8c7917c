namespace Sightline.Checkpoints.Pickle;

/// <summary>A value that lies outside the pickle and is named by an id in it; for writing.</summary>
/// <param name="Id">The id, a tuple in torch's files.</param>
internal sealed record PicklePersistentId(object?[] Id);
