namespace Sightline.Kernels;

/// <summary>
/// A linear layer with its weights in whatever format its kernel likes. Inputs and outputs are always fp32, row-major.
/// </summary>
internal abstract class LinearLayer(int inFeatures, int outFeatures)
{
    /// <summary>Width of the input.</summary>
    public int InFeatures { get; } = inFeatures;

    /// <summary>Width of the output.</summary>
    public int OutFeatures { get; } = outFeatures;

    /// <summary>The layer that is computed after this one, where that is always the same.</summary>
    public LinearLayer? Next { get; set; }

    /// <summary>Asks for the first of this layer's weights while threads wait for one another; by default does nothing.</summary>
    public virtual void ReadAhead()
    {
    }

    /// <summary>Bytes the weights and the bias occupy.</summary>
    public abstract long ByteCount { get; }

    /// <summary>Reads the weights of one output, [inFeatures]; a tied embedding looks its tokens up here.</summary>
    public abstract void CopyWeightRow(int output, Span<float> row);

    /// <summary>y = f(x Wᵀ + b), or y += f(x Wᵀ + b).</summary>
    /// <param name="input">[rows, inFeatures].</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="output">[rows, outFeatures]; must not overlap the input.</param>
    /// <param name="activation">f.</param>
    /// <param name="accumulate">Whether the result is added to what <paramref name="output"/> holds: a residual connection.</param>
    public abstract void Forward(ReadOnlySpan<float> input, int rows, Span<float> output, Activation activation = Activation.Identity, bool accumulate = false);

    /// <summary>A bias with zeros behind it, or nothing but zeros: what kernels that work on whole panels add.</summary>
    private protected static float[] Pad(float[]? values, int length)
    {
        values ??= [];
        Array.Resize(ref values, length);
        return values;
    }
}
