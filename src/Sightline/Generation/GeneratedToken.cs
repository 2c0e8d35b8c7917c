namespace Sightline.Generation;

/// <summary>One token of a stream.</summary>
/// <param name="Image">Index of the image in the batch.</param>
/// <param name="ReturnIndex">Which of the image's <c>num_return_sequences</c> it belongs to.</param>
/// <param name="TokenId">The token; the end token too is streamed.</param>
/// <param name="LogProbability">Natural logarithm of the probability with which it was chosen, see <see cref="GeneratedSequence.LogProbabilities"/>.</param>
/// <param name="Finish">Why the sequence ends with this token, or null if it goes on.</param>
public readonly record struct GeneratedToken(int Image, int ReturnIndex, int TokenId, float LogProbability, FinishReason? Finish);
