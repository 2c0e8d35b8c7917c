using Sightline.Generation;

namespace Sightline.Server.Captioning;

/// <summary>What is wanted of each picture of a request.</summary>
/// <param name="Options">What differs from the checkpoint's own settings.</param>
/// <param name="TopLogProbabilities">How many of the likeliest tokens to report at each place, 0 to 20. Not for beam search.</param>
internal sealed record CaptionRequest(GenerationOptions Options, int TopLogProbabilities = 0);
