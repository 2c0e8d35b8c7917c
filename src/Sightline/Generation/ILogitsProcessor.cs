namespace Sightline.Generation;

/// <summary>
/// Changes the scores of the next token before one is chosen. Processors given in <see cref="GenerationOptions.LogitsProcessors"/> run
/// after the built-in ones and before the warpers of sampling (temperature, top-k, top-p, ...), as in Hugging Face <c>generate</c>.
/// One that is shared between threads must be thread-safe.
/// </summary>
public interface ILogitsProcessor
{
    /// <summary>Changes the scores of one row in place.</summary>
    /// <param name="context">The row's tokens so far.</param>
    /// <param name="scores">[vocab]. Greedy search and sampling: logits. Beam search: log-softmax values. Negative infinity forbids a token.</param>
    void Process(GenerationContext context, Span<float> scores);
}
