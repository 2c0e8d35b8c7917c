namespace Sightline.Generation;

/// <summary>Turns processed scores into log-probabilities again (HF <c>renormalize_logits</c>).</summary>
public sealed class LogitNormalization : ILogitsProcessor
{
    private float[] _scratch = [];

    /// <inheritdoc/>
    public void Process(GenerationContext context, Span<float> scores)
    {
        if (_scratch.Length < scores.Length)
            _scratch = new float[scores.Length];
        LogSoftmax.InPlace(scores, _scratch);
    }
}
