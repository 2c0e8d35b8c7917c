using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Sightline.Kernels;

/// <summary>
/// Dot products of rows with one panel of 32 outputs: the inner loop of every packed format. A step takes four bytes of each row and 128 bytes of the
/// panel, four for each output; what the bytes mean is the kind's business (<see cref="DotKind"/>). Whole-number kinds give the same sums on every
/// processor, bit for bit.
/// </summary>
internal abstract unsafe class PanelDot
{
    /// <summary>Outputs of a panel.</summary>
    public const int Width = 32;

    /// <summary>Rows of a tile of sums, and the most that a loop takes in one call.</summary>
    public const int TileRows = 12;

    /// <summary>Bytes of a panel for one step.</summary>
    public const int StepBytes = 4 * Width;

    /// <summary>A name for reports, e.g. <c>avx-vnni</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The most rows of one call, up to <see cref="TileRows"/>.</summary>
    public abstract int MaxRows { get; }

    /// <summary>sums[r, o] = Σ over the steps of x[r] · panel[o].</summary>
    /// <param name="x">The first row.</param>
    /// <param name="xStride">Bytes from row to row.</param>
    /// <param name="rows">1 to <see cref="MaxRows"/>.</param>
    /// <param name="panel">steps × 128 bytes.</param>
    /// <param name="steps">Number of steps.</param>
    /// <param name="sums">[rows, 32] 32-bit whole numbers or floats.</param>
    /// <param name="next">Where weights lie that will be read soon: the caches are asked for some of it with every step, where that helps. Never read.</param>
    /// <param name="ahead">How many bytes with every step: 64 or 128.</param>
    public abstract void Multiply(byte* x, nint xStride, int rows, byte* panel, int steps, void* sums, byte* next, int ahead);

    /// <summary>How many rows to take at a time, at most <paramref name="most"/>, so that all tiles are alike: a few rows alone keep the processor less busy.</summary>
    public static int Alike(int rows, int most)
    {
        var tiles = (rows + most - 1) / most;
        return (rows + tiles - 1) / tiles;
    }

    /// <summary>Asks for what a step is to ask for and moves on; whole steps are read a single time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private protected static void Ask(ref byte* next, int ahead)
    {
        if (!Sse.IsSupported)
            return;
        if (ahead == StepBytes)
        {
            Sse.PrefetchNonTemporal(next);
            Sse.PrefetchNonTemporal(next + 64);
        }
        else
        {
            Sse.Prefetch0(next);
        }

        next += ahead;
    }
}
