using System.Numerics.Tensors;

namespace Sightline.Models;

/// <summary>The loss of captioning models.</summary>
public static class CrossEntropy
{
    /// <summary>A label that is left out of the mean (torch's <c>ignore_index</c>).</summary>
    public const int IgnoredLabel = -100;

    /// <summary>
    /// Mean cross-entropy in nats over every label that is not -100, padding included if it has an id: no shift, since decoder inputs are
    /// the labels moved right (HF 4.17 <c>VisionEncoderDecoderModel.forward</c>). NaN if every label is -100.
    /// </summary>
    /// <param name="logits">[positions, vocab], unnormalised.</param>
    /// <param name="labels">[positions].</param>
    /// <exception cref="SightlineException">A label is outside the vocabulary.</exception>
    public static double Mean(ReadOnlySpan<float> logits, ReadOnlySpan<int> labels)
    {
        if (labels.IsEmpty)
            return double.NaN;
        var vocabularySize = logits.Length / labels.Length;
        double total = 0;
        var count = 0;
        for (var i = 0; i < labels.Length; i++)
        {
            if (labels[i] == IgnoredLabel)
                continue;
            TokenIds.Check(labels.Slice(i, 1), vocabularySize);
            var row = logits.Slice(i * vocabularySize, vocabularySize);
            total += LogSumExp(row) - row[labels[i]];
            count++;
        }

        return total / count;
    }

    /// <summary>ln Σ exp(x), without overflow.</summary>
    internal static double LogSumExp(ReadOnlySpan<float> values)
    {
        var max = TensorPrimitives.Max(values);
        double sum = 0;
        foreach (var value in values)
            sum += Math.Exp(value - max);
        return max + Math.Log(sum);
    }
}
