namespace Sightline.Hub;

/// <summary>How far a download is; told after every piece that arrived, from any thread.</summary>
/// <param name="Model">The model that is fetched.</param>
/// <param name="File">The file that moved on.</param>
/// <param name="FileBytes">Bytes of that file that are here, those of an earlier try included.</param>
/// <param name="FileSize">Its size in bytes.</param>
/// <param name="Bytes">Bytes of all files that are here.</param>
/// <param name="TotalBytes">The sizes of all files together.</param>
/// <param name="IsDone">Whether the file is complete, checked and in its place.</param>
public readonly record struct HubProgress(HubModelName Model, string File, long FileBytes, long FileSize, long Bytes, long TotalBytes, bool IsDone);
