namespace Sightline.Generation;

/// <summary>Sees the scores of a step after the processors and warpers, before a token is chosen.</summary>
/// <param name="step">0 for the first generated token.</param>
/// <param name="scores">
/// [rows, vocab], valid during the call. Greedy search and sampling: processed logits. Beam search: processed log-probabilities without the
/// beams' sums. Beam sampling: with the sums, since the warpers act on them. Rows that are finished hold nothing of meaning.
/// </param>
/// <param name="vocabularySize">Length of one row.</param>
public delegate void ScoresObserver(int step, ReadOnlySpan<float> scores, int vocabularySize);
