namespace Sightline;

/// <summary>One token of a caption.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Text">
/// What it adds to the sentence; the texts of all tokens joined are the sentence. Empty for special tokens, and for a token that ends inside a
/// character: the one that completes it carries it.
/// </param>
/// <param name="LogProbability">Natural logarithm of the probability with which it was chosen (<see cref="Generation.GeneratedSequence.LogProbabilities"/>).</param>
public readonly record struct CaptionToken(int Id, string Text, float LogProbability);
