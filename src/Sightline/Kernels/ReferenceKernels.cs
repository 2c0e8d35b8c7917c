namespace Sightline.Kernels;

/// <summary>Every operation as its formula reads, accumulated in double. Slow; the judge of the other kernels.</summary>
internal sealed class ReferenceKernels : KernelSet
{
    public override string Name => "reference";

    public override LinearLayer Linear(ReadOnlySpan<float> weight, WeightLayout layout, float[]? bias, int inFeatures, int outFeatures, LinearRole role = LinearRole.Encoder)
    {
        var rows = new float[weight.Length]; // [out, in]
        for (var o = 0; o < outFeatures; o++)
        {
            for (var i = 0; i < inFeatures; i++)
                rows[o * inFeatures + i] = weight[layout == WeightLayout.OutIn ? o * inFeatures + i : i * outFeatures + o];
        }

        return new ReferenceLinear(rows, bias, inFeatures, outFeatures);
    }

    public override LinearLayer Linear(PackedWeights weights, float[]? bias, LinearRole role)
    {
        var rows = new float[weights.OutFeatures * weights.InFeatures];
        for (var o = 0; o < weights.OutFeatures; o++)
        {
            var row = rows.AsSpan(o * weights.InFeatures, weights.InFeatures);
            WeightPacker.CopyRow(weights, o, row);
            weights.Remainder?.AddTo(o, row);
        }

        return new ReferenceLinear(rows, bias, weights.InFeatures, weights.OutFeatures);
    }

    public override void LayerNorm(ReadOnlySpan<float> input, ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta, double epsilon, Span<float> output)
    {
        var width = gamma.Length;
        for (var start = 0; start < input.Length; start += width)
        {
            double sum = 0, squares = 0;
            for (var i = 0; i < width; i++)
                sum += input[start + i];
            var mean = sum / width;
            for (var i = 0; i < width; i++)
                squares += (input[start + i] - mean) * (input[start + i] - mean);
            var factor = 1 / Math.Sqrt((squares / width) + epsilon);
            for (var i = 0; i < width; i++)
                output[start + i] = (float)((input[start + i] - mean) * factor * gamma[i] + beta[i]);
        }
    }

    public override void Activate(Activation function, Span<float> values)
    {
        foreach (ref var value in values)
            value = (float)Activate(function, value);
    }

    public override void Add(Span<float> values, ReadOnlySpan<float> addend)
    {
        for (var i = 0; i < values.Length; i++)
            values[i] += addend[i];
    }

    public override void Attention(in AttentionShape shape, ReadOnlySpan<float> queries, ReadOnlySpan<float> keys, ReadOnlySpan<float> values,
        ReadOnlySpan<int> keyOffsets, ReadOnlySpan<byte> keyMask, Span<float> output, Span<float> probabilities)
    {
        var one = shape with { Batch = 1 };
        for (var b = 0; b < shape.Batch; b++)
        {
            var places = new int[shape.KeyLength];
            for (var j = 0; j < places.Length; j++)
                places[j] = keyOffsets.IsEmpty ? ((b * shape.KeyLength) + j) * shape.KeyStride : keyOffsets[(b * shape.KeyLength) + j];
            AttendOnce(one, queries[(b * shape.QueryLength * shape.QueryStride)..], keys, values, places, keyMask.IsEmpty ? [] : keyMask[(b * shape.KeyLength)..],
                output[(b * shape.QueryLength * shape.OutputStride)..], probabilities.IsEmpty ? [] : probabilities[(b * shape.Heads * shape.QueryLength * shape.KeyLength)..]);
        }
    }

    private static void AttendOnce(in AttentionShape shape, ReadOnlySpan<float> queries, ReadOnlySpan<float> keys, ReadOnlySpan<float> values,
        ReadOnlySpan<int> places, ReadOnlySpan<byte> keyMask, Span<float> output, Span<float> probabilities)
    {
        var weights = new double[shape.KeyLength];
        for (var head = 0; head < shape.Heads; head++)
        {
            var (offset, keyOffset) = (head * shape.HeadDim, shape.KeyOffset(head));
            for (var i = 0; i < shape.QueryLength; i++)
            {
                var visible = shape.VisibleKeys(i);
                var max = double.NegativeInfinity;
                for (var j = 0; j < visible; j++)
                {
                    double dot = 0;
                    for (var d = 0; d < shape.HeadDim; d++)
                        dot += (double)queries[i * shape.QueryStride + offset + d] * keys[places[j] + keyOffset + d];
                    weights[j] = keyMask.IsEmpty || keyMask[j] != 0 ? dot * shape.Scale : float.MinValue;
                    max = Math.Max(max, weights[j]);
                }

                double total = 0;
                for (var j = 0; j < visible; j++)
                    total += weights[j] = Math.Exp(weights[j] - max);
                for (var d = 0; d < shape.HeadDim; d++)
                {
                    double sum = 0;
                    for (var j = 0; j < visible; j++)
                        sum += weights[j] * values[places[j] + keyOffset + d];
                    output[i * shape.OutputStride + offset + d] = (float)(sum / total);
                }

                for (var j = 0; j < shape.KeyLength && !probabilities.IsEmpty; j++)
                    probabilities[(head * shape.QueryLength + i) * shape.KeyLength + j] = j < visible ? (float)(weights[j] / total) : 0;
            }
        }
    }

    internal static double Activate(Activation function, double x) => function switch
    {
        Activation.Gelu => 0.5 * x * (1 + Erf(x / Math.Sqrt(2))),
        Activation.GeluNew => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
        Activation.GeluFast => 0.5 * x * (1 + Math.Tanh(0.7978845608 * x * (1 + 0.044715 * x * x))),
        Activation.QuickGelu => x / (1 + Math.Exp(-1.702 * x)),
        Activation.Relu => Math.Max(0, x),
        Activation.Silu => x / (1 + Math.Exp(-x)),
        Activation.Tanh => Math.Tanh(x),
        _ => x,
    };

    /// <summary>erf by its series 2/√π e^(−x²) Σ 2ⁿ x^(2n+1) / (2n+1)!!, whose terms are all of one sign (DLMF 7.6.2).</summary>
    internal static double Erf(double x)
    {
        if (double.IsNaN(x) || Math.Abs(x) > 6)
            return double.IsNaN(x) ? x : Math.Sign(x);
        double term = x, sum = x;
        for (var n = 1; Math.Abs(term) > 1e-18 * Math.Abs(sum); n++)
            sum += term *= 2 * x * x / ((2 * n) + 1);
        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }
}
