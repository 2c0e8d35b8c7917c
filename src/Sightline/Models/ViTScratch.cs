namespace Sightline.Models;

/// <summary>Buffers of one encoder pass, shared by its layers.</summary>
internal sealed class ViTScratch(int rows, int hidden, int intermediate)
{
    public float[] Normed { get; } = new float[rows * hidden];

    public float[] Query { get; } = new float[rows * hidden];

    public float[] Key { get; } = new float[rows * hidden];

    public float[] Value { get; } = new float[rows * hidden];

    public float[] Context { get; } = new float[rows * hidden];

    public float[] Intermediate { get; } = new float[rows * intermediate];
}
