using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Sightline.Training.Modeling;

/// <summary>Cross-entropy over label positions, with padding counted and without, from one pass.</summary>
internal static class CaptionLoss
{
    /// <summary>Sums of one batch; all three are scalars of the graph or numbers.</summary>
    /// <param name="PadSum">Sum over every position, padding included.</param>
    /// <param name="MaskedSum">Sum over the positions that are not padding.</param>
    /// <param name="Positions">Positions in all.</param>
    /// <param name="Tokens">Positions that are not padding.</param>
    public readonly record struct Sums(Tensor PadSum, Tensor MaskedSum, long Positions, long Tokens)
    {
        public Tensor Sum(LossKind kind) => kind == LossKind.Pad ? PadSum : MaskedSum;

        public long Count(LossKind kind) => kind == LossKind.Pad ? Positions : Tokens;
    }

    /// <summary>The summed losses of a batch in fp32.</summary>
    /// <param name="logits">[rows, seq, vocab], unnormalised.</param>
    /// <param name="labels">[rows, seq], <see cref="CaptionBatch.IgnoredLabel"/> in the padding.</param>
    /// <param name="padTokenId">Stands for the padding where it counts.</param>
    /// <param name="tokens">Labels that are not padding.</param>
    /// <param name="labelSmoothing">Share of the target's weight that is spread over the vocabulary (HF <c>label_smoothing_factor</c>), 0 to 1.</param>
    public static Sums Compute(Tensor logits, Tensor labels, long padTokenId, long tokens, double labelSmoothing = 0)
    {
        var flat = labels.reshape(-1);
        var real = flat.ne(CaptionBatch.IgnoredLabel);
        var targets = where(real, flat, full_like(flat, padTokenId));
        var perPosition = functional.cross_entropy(
            logits.reshape(-1, logits.shape[2]).to(ScalarType.Float32), targets, reduction: Reduction.None, label_smoothing: labelSmoothing);
        return new Sums(perPosition.sum(), (perPosition * real).sum(), flat.shape[0], tokens);
    }

    /// <summary>Decoder inputs: the start id, then the labels without the last; padding becomes the pad id (HF <c>shift_tokens_right</c>).</summary>
    public static long[] ShiftRight(ReadOnlySpan<long> labels, int length, long padTokenId, long startTokenId)
    {
        var inputs = new long[labels.Length];
        for (var i = 0; i < labels.Length; i++)
        {
            var label = i % length == 0 ? startTokenId : labels[i - 1];
            inputs[i] = label == CaptionBatch.IgnoredLabel ? padTokenId : label;
        }

        return inputs;
    }
}
