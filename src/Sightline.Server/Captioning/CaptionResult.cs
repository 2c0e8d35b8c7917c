namespace Sightline.Server.Captioning;

/// <summary>A caption and how it came about.</summary>
/// <param name="Caption">The best sentence; the others are its alternatives.</param>
/// <param name="Width">Width of the picture, upright, in pixels.</param>
/// <param name="Height">Height of the picture, upright, in pixels.</param>
/// <param name="Timing">Where the time went.</param>
/// <param name="Warnings">Plain sentences about what makes this caption doubtful.</param>
/// <param name="TopTokens">[sequence][place]: the likeliest tokens, where they were asked for; otherwise empty.</param>
internal sealed record CaptionResult(Caption Caption, int Width, int Height, CaptionTiming Timing, IReadOnlyList<string> Warnings, IReadOnlyList<IReadOnlyList<TokenChance[]>> TopTokens)
{
    /// <summary>Every sentence, best first.</summary>
    public IEnumerable<Caption> All => [Caption, .. Caption.Alternatives];
}
