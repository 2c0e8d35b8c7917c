namespace Sightline.Generation;

/// <summary>One generated sequence.</summary>
public sealed class GeneratedSequence
{
    /// <summary>Index of the image in the batch.</summary>
    public required int Image { get; init; }

    /// <summary>Start token, prompt, generated tokens and, if the model gave it, the end token. Not padded.</summary>
    public required IReadOnlyList<int> TokenIds { get; init; }

    /// <summary>How many of <see cref="TokenIds"/> were given: the start token and the prompt.</summary>
    public required int PromptLength { get; init; }

    /// <summary>
    /// For each generated token (<see cref="TokenIds"/> from <see cref="PromptLength"/> on, end token included) its natural log-probability
    /// in the distribution it was chosen from. Greedy search and sampling: log-softmax of the processed scores (HF
    /// <c>compute_transition_scores(normalize_logits=True)</c>). Beam search: the processed log-softmax value, not normalised again, so that
    /// the sum is the beam's sum. A forced token has 0. With no processor at work these are the model's own log-probabilities.
    /// </summary>
    public required IReadOnlyList<float> LogProbabilities { get; init; }

    /// <summary>
    /// Sum of the log-probabilities / length ** length_penalty, where the length counts the start token and the prompt but not the end token
    /// (HF <c>sequences_scores</c> of beam search; HF has no score for greedy search and sampling, here it is the same formula).
    /// </summary>
    public required double Score { get; init; }

    /// <summary>Why the sequence ended.</summary>
    public required FinishReason Finish { get; init; }
}
