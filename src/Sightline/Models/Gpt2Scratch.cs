namespace Sightline.Models;

/// <summary>Buffers of a decoder pass over <c>rows × count</c> positions, kept from step to step.</summary>
internal sealed class Gpt2Scratch(int positions, int hidden, int inner)
{
    public int Positions => positions;

    public float[] States { get; } = new float[positions * hidden];

    public float[] Normed { get; } = new float[positions * hidden];

    public float[] QueryKeyValue { get; } = new float[positions * 3 * hidden];

    public float[] Context { get; } = new float[positions * hidden];

    public float[] Inner { get; } = new float[positions * inner];
}
