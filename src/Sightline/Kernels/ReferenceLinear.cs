namespace Sightline.Kernels;

/// <summary>The linear layer as its formula reads.</summary>
internal sealed class ReferenceLinear(float[] weight, float[]? bias, int inFeatures, int outFeatures) : LinearLayer(inFeatures, outFeatures)
{
    public override long ByteCount => sizeof(float) * ((long)weight.Length + (bias?.Length ?? 0));

    public override void CopyWeightRow(int output, Span<float> row) => weight.AsSpan(output * InFeatures, InFeatures).CopyTo(row);

    public override void Forward(ReadOnlySpan<float> input, int rows, Span<float> output, Activation activation = Activation.Identity, bool accumulate = false)
    {
        for (var row = 0; row < rows; row++)
        {
            for (var o = 0; o < OutFeatures; o++)
            {
                double sum = bias?[o] ?? 0;
                for (var i = 0; i < InFeatures; i++)
                    sum += (double)input[row * InFeatures + i] * weight[(long)o * InFeatures + i];
                var value = (float)ReferenceKernels.Activate(activation, (float)sum);
                output[row * OutFeatures + o] = accumulate ? output[row * OutFeatures + o] + value : value;
            }
        }
    }
}
