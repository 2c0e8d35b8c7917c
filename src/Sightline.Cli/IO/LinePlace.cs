namespace Sightline.Cli.IO;

/// <summary>Where a line is in a file.</summary>
/// <param name="Offset">Its first byte.</param>
/// <param name="Length">Its bytes, line feed included.</param>
internal readonly record struct LinePlace(long Offset, int Length);
