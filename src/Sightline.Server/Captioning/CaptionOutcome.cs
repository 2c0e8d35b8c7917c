namespace Sightline.Server.Captioning;

/// <summary>What became of one picture: a result, or the reason why there is none.</summary>
internal readonly record struct CaptionOutcome(string Image, CaptionResult? Result, SightlineException? Error);
