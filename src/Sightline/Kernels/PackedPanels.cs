namespace Sightline.Kernels;

/// <summary>
/// A weight matrix [out, in] cut into panels of neighbouring outputs, each stored input by input: what <see cref="PanelKernels{T}"/> reads in
/// one stream. The last panel is filled up with zeros.
/// </summary>
internal sealed class PackedPanels
{
    private readonly float[] _values; // [panels, in, width]
    private readonly int _inFeatures;

    public PackedPanels(ReadOnlySpan<float> weight, WeightLayout layout, int inFeatures, int outFeatures, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(weight.Length, inFeatures * outFeatures);
        (_inFeatures, Width) = (inFeatures, width);
        Count = (outFeatures + width - 1) / width;
        _values = new float[checked((long)Count * inFeatures * width)];
        for (var panel = 0; panel < Count; panel++)
        {
            var first = panel * width;
            var target = _values.AsSpan(Start(panel), inFeatures * width);
            if (layout == WeightLayout.InOut)
                CopyColumns(weight, outFeatures, first, Math.Min(width, outFeatures - first), target);
            else
                TransposeRows(weight.Slice(first * inFeatures, Math.Min(width, outFeatures - first) * inFeatures), target);
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

    private void CopyColumns(ReadOnlySpan<float> weight, int outFeatures, int first, int count, Span<float> target)
    {
        for (var i = 0; i < _inFeatures; i++)
            weight.Slice(i * outFeatures + first, count).CopyTo(target[(i * Width)..]);
    }

    // A few inputs at a time, so that the cache lines written are still there for the next output.
    private void TransposeRows(ReadOnlySpan<float> rows, Span<float> target)
    {
        const int Block = 16;
        for (var start = 0; start < _inFeatures; start += Block)
        {
            var end = Math.Min(_inFeatures, start + Block);
            for (var output = 0; output < rows.Length / _inFeatures; output++)
            {
                for (var i = start; i < end; i++)
                    target[i * Width + output] = rows[output * _inFeatures + i];
            }
        }
    }

    /// <summary>Reads the weights of one output back.</summary>
    public void CopyRow(int output, Span<float> row)
    {
        var source = _values.AsSpan(Start(output / Width) + output % Width);
        for (var i = 0; i < row.Length; i++)
            row[i] = source[i * Width];
    }
}
