namespace Sightline.Verification;

/// <summary>The verdict on one golden file, or on a kind that is not present.</summary>
/// <param name="Kind">Folder of the kind, e.g. <c>forward</c>.</param>
/// <param name="File">Path below the root, with forward slashes.</param>
/// <param name="Outcome">The verdict.</param>
/// <param name="LargestDifference">Largest absolute difference, or number of mismatches where equality is asked for; null if nothing was compared.</param>
/// <param name="Tolerance">The tolerance as the file states it, or <c>exact</c>.</param>
/// <param name="Detail">Where the largest difference is, or what went wrong; one line.</param>
public sealed record FixtureResult(string Kind, string File, FixtureOutcome Outcome, double? LargestDifference, string Tolerance, string Detail);
