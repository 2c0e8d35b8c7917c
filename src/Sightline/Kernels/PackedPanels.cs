namespace Sightline.Kernels;

/// <summary>
/// A weight matrix [out, in] cut into panels of neighbouring outputs, each stored input by input: what <see cref="PanelKernels{T}"/> reads in
/// one stream. The last panel is filled up with zeros.
/// </summary>
internal sealed class PackedPanels
{
    private readonly float[] _values; // [panels, in, width]
    private readonly int _inFeatures;

    public PackedPanels(ReadOnlySpan<float> weight, int inFeatures, int outFeatures, int width)
    {
        (_inFeatures, Width) = (inFeatures, width);
        Count = (outFeatures + width - 1) / width;
        _values = new float[checked((long)Count * inFeatures * width)];
        for (var output = 0; output < outFeatures; output++)
        {
            var row = weight.Slice(output * inFeatures, inFeatures);
            var target = _values.AsSpan(Start(output / width) + output % width);
            for (var i = 0; i < row.Length; i++)
                target[i * width] = row[i];
        }
    }

    /// <summary>Outputs per panel.</summary>
    public int Width { get; }

    /// <summary>Number of panels.</summary>
    public int Count { get; }

    public long ByteCount => (long)_values.Length * sizeof(float);

    public float[] Values => _values;

    /// <summary>Index of a panel's first value.</summary>
    public int Start(int panel) => panel * _inFeatures * Width;

    /// <summary>Reads the weights of one output back.</summary>
    public void CopyRow(int output, Span<float> row)
    {
        var source = _values.AsSpan(Start(output / Width) + output % Width);
        for (var i = 0; i < row.Length; i++)
            row[i] = source[i * Width];
    }
}
