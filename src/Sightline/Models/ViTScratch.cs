using System.Buffers;

namespace Sightline.Models;

/// <summary>Buffers of an encoder pass over <c>positions</c> rows, lent by the shared pool; they may be longer than asked for.</summary>
internal sealed class ViTScratch(int positions, int hidden, int intermediate) : IDisposable
{
    public float[] Normed { get; } = Rent(positions * hidden);

    public float[] QueryKeyValue { get; } = Rent(positions * 3 * hidden);

    public float[] Context { get; } = Rent(positions * hidden);

    public float[] Intermediate { get; } = Rent(positions * intermediate);

    public void Dispose()
    {
        foreach (var buffer in (ReadOnlySpan<float[]>)[Normed, QueryKeyValue, Context, Intermediate])
            ArrayPool<float>.Shared.Return(buffer);
    }

    private static float[] Rent(int length) => ArrayPool<float>.Shared.Rent(length);
}
