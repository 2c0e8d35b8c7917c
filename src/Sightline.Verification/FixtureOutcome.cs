namespace Sightline.Verification;

/// <summary>How a golden file was judged.</summary>
public enum FixtureOutcome
{
    /// <summary>Everything compared lies within the tolerance.</summary>
    Pass,

    /// <summary>Something lies outside, could not be computed, or nothing could be compared.</summary>
    Fail,

    /// <summary>The file is of a kind that this program does not run; the detail says why.</summary>
    Skipped,

    /// <summary>The folder of this kind is not there.</summary>
    NotPresent,
}
