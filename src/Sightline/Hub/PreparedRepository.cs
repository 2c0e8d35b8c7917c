namespace Sightline.Hub;

/// <summary>A folder that is ready to be uploaded.</summary>
/// <param name="Folder">The folder.</param>
/// <param name="Written">The files that were written or replaced.</param>
/// <param name="Files">The files of the model, with card and attributes.</param>
/// <param name="OtherFiles">What lies beside them and would be uploaded, too; folders end with a slash.</param>
/// <param name="HasMetadata">Whether the card begins with the block of metadata that the hub reads.</param>
public sealed record PreparedRepository(string Folder, IReadOnlyList<string> Written, IReadOnlyList<string> Files, IReadOnlyList<string> OtherFiles, bool HasMetadata);
