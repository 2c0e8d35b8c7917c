using System.Runtime.InteropServices;

namespace Sightline.Kernels;

/// <summary>
/// The arithmetic the models are made of. <see cref="ReferenceKernels"/> is the plain judge; <see cref="VectorKernels"/> is what runs.
/// Models see only this class and <see cref="LinearLayer"/>, so that other weight formats and faster kernels replace both without touching them.
/// </summary>
internal abstract class KernelSet
{
    /// <summary>A name for reports, e.g. <c>vector512</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The best kernels of this processor.</summary>
    /// <param name="threads">Threads to use; 0 means one per physical core.</param>
    /// <param name="format">Format of the weights; <see cref="WeightFormat.Auto"/> is fp32 here.</param>
    public static KernelSet Create(int threads = 0, WeightFormat format = WeightFormat.Fp32) => VectorKernels.Create(threads, format);

    /// <summary>A linear layer y = x Wᵀ + b.</summary>
    /// <param name="weight">outFeatures × inFeatures values; read here, not kept.</param>
    /// <param name="layout">Which way round they are.</param>
    /// <param name="bias">[outFeatures], or null.</param>
    /// <param name="inFeatures">Width of x.</param>
    /// <param name="outFeatures">Width of y.</param>
    /// <param name="role">What the layer is for; formats differ by it.</param>
    public abstract LinearLayer Linear(ReadOnlySpan<float> weight, WeightLayout layout, float[]? bias, int inFeatures, int outFeatures, LinearRole role = LinearRole.Encoder);

    /// <summary>A linear layer of weights that are packed already.</summary>
    /// <param name="weights">Kept.</param>
    /// <param name="bias">[outFeatures], or null.</param>
    /// <param name="role">What the layer is for.</param>
    public abstract LinearLayer Linear(PackedWeights weights, float[]? bias, LinearRole role);

    /// <summary>Normalises each row to mean 0 and variance 1 (biased), then scales and shifts: γ (x − μ) / √(σ² + ε) + β.</summary>
    /// <param name="input">[rows, width], width = gamma.Length.</param>
    /// <param name="gamma">[width].</param>
    /// <param name="beta">[width].</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="output">[rows, width]; may be <paramref name="input"/>.</param>
    public abstract void LayerNorm(ReadOnlySpan<float> input, ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta, double epsilon, Span<float> output);

    /// <summary>Applies an activation function in place.</summary>
    public abstract void Activate(Activation function, Span<float> values);

    /// <summary>Adds <paramref name="addend"/> to <paramref name="values"/>, of the same length.</summary>
    public abstract void Add(Span<float> values, ReadOnlySpan<float> addend);

    /// <summary>Multi-head attention: softmax(Q Kᵀ · scale) V per sequence and head.</summary>
    /// <param name="shape">Sizes, strides, scale and causality.</param>
    /// <param name="queries">Row i of sequence b at (b · QueryLength + i) · QueryStride, heads side by side.</param>
    /// <param name="keys">Row j of sequence b at (b · KeyLength + j) · KeyStride.</param>
    /// <param name="values">Likewise.</param>
    /// <param name="keyOffsets">[batch, keyLength], where keys and values begin instead; empty for the stride.</param>
    /// <param name="keyMask">[batch, keyLength], 0 hides a key; empty hides none.</param>
    /// <param name="output">Row i of sequence b at (b · QueryLength + i) · OutputStride.</param>
    /// <param name="probabilities">[batch, heads, queryLength, keyLength], filled if not empty.</param>
    public abstract void Attention(in AttentionShape shape, ReadOnlySpan<float> queries, ReadOnlySpan<float> keys, ReadOnlySpan<float> values,
        ReadOnlySpan<int> keyOffsets, ReadOnlySpan<byte> keyMask, Span<float> output, Span<float> probabilities);

    /// <summary>Bytes of a batch's keys and values as <see cref="PackKeysAndValues"/> keeps them.</summary>
    /// <param name="shape">Batch, heads, head size and number of keys.</param>
    public virtual int PackedKeysAndValuesSize(in AttentionShape shape) => checked(2 * sizeof(float) * shape.Batch * shape.Heads * shape.HeadDim * shape.KeyLength);

    /// <summary>Keeps keys and values that will be attended to many times in the form that suits these kernels; here: as they are, head by head.</summary>
    /// <param name="shape">Batch, heads, head size, number of keys, stride.</param>
    /// <param name="keys">Row j of sequence b at (b · KeyLength + j) · KeyStride, heads side by side.</param>
    /// <param name="values">Likewise.</param>
    /// <param name="packed">Gets them, sequence by sequence.</param>
    public virtual void PackKeysAndValues(in AttentionShape shape, ReadOnlySpan<float> keys, ReadOnlySpan<float> values, Span<byte> packed)
    {
        var target = MemoryMarshal.Cast<byte, float>(packed);
        for (var sequence = 0; sequence < shape.Batch; sequence++)
        {
            for (var part = 0; part < 2 * shape.Heads; part++) // heads of keys, then of values
            {
                var source = part < shape.Heads ? keys : values;
                var offset = part % shape.Heads * shape.HeadDim;
                for (var j = 0; j < shape.KeyLength; j++, target = target[shape.HeadDim..])
                    source.Slice((((sequence * shape.KeyLength) + j) * shape.KeyStride) + offset, shape.HeadDim).CopyTo(target);
            }
        }
    }

    /// <summary>Attention to keys and values that <see cref="PackKeysAndValues"/> has packed, none of them hidden.</summary>
    /// <param name="shape">Sizes and scale; the stride of keys does not count.</param>
    /// <param name="queries">Row i of sequence b at (b · QueryLength + i) · QueryStride.</param>
    /// <param name="packed">The keys and values of the batch.</param>
    /// <param name="output">Row i of sequence b at (b · QueryLength + i) · OutputStride.</param>
    /// <param name="probabilities">[batch, heads, queryLength, keyLength], filled if not empty.</param>
    public virtual void Attention(in AttentionShape shape, ReadOnlySpan<float> queries, ReadOnlySpan<byte> packed, Span<float> output, Span<float> probabilities)
    {
        var size = shape.Heads * shape.HeadDim * shape.KeyLength;
        var kept = MemoryMarshal.Cast<byte, float>(packed);
        var byHead = shape with { Batch = 1, KeyStride = shape.HeadDim, KeyHeadStride = shape.KeyLength * shape.HeadDim };
        for (var b = 0; b < shape.Batch; b++)
        {
            Attention(byHead, queries[(b * shape.QueryLength * shape.QueryStride)..], kept.Slice(2 * b * size, size), kept.Slice(((2 * b) + 1) * size, size), [], [],
                output[(b * shape.QueryLength * shape.OutputStride)..], probabilities.IsEmpty ? [] : probabilities[(b * shape.Heads * shape.QueryLength * shape.KeyLength)..]);
        }
    }
}
