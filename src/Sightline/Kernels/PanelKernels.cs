using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Sightline.Kernels;

/// <summary>
/// y = x W for one panel of <see cref="PackedPanels"/>, two registers wide. Every output is one chain of fused multiply-adds in the order of
/// the inputs, whatever the tile, the block or the vector width: so a batch gives the bits its rows give alone, and the rounding is that of
/// the BLAS the reference ran on.
/// </summary>
internal static unsafe class PanelKernels<T> where T : struct, ILanes<T>
{
    // Inputs per block: 256 × 32 floats of a panel stay in the first-level cache while all rows pass by.
    private const int Block = 256;

    private const int TallRows = 12;

    private const int FewRowsDistance = 4096; // bytes: where few rows make reading the panel the only cost, it is asked for so far ahead

    public static int Width => 2 * T.Count;

    // Sums of twelve rows, two registers of weights and one of inputs take 27.
    private static bool HasManyRegisters => T.Count == Vector512<float>.Count || AdvSimd.IsSupported;

    /// <summary>Computes <paramref name="m"/> rows of one panel.</summary>
    /// <param name="x">[m, k] with rows <paramref name="xStride"/> apart.</param>
    /// <param name="xStride">Floats from row to row.</param>
    /// <param name="m">Rows.</param>
    /// <param name="k">Inputs.</param>
    /// <param name="panel">[k, <see cref="Width"/>].</param>
    /// <param name="y">[m, <see cref="Width"/>] with rows <paramref name="yStride"/> apart; all of a row's outputs must be writable.</param>
    /// <param name="yStride">Floats from row to row.</param>
    public static void Multiply(float* x, int xStride, int m, int k, float* panel, float* y, int yStride)
    {
        var ahead = default(PrefetchCursor);
        Multiply(x, xStride, m, k, panel, y, yStride, ref ahead);
    }

    /// <summary>The same, asking for the weights that come after.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(float* x, int xStride, int m, int k, float* panel, float* y, int yStride, ref PrefetchCursor ahead)
    {
        var bytes = m < 2 * TallRows ? 128 : 64; // asked for with every input: the next panel is as large as this one, and two calls ask for it all
        while (HasManyRegisters && m >= TallRows)
        {
            Tile12(x, sizeof(float) * xStride, k, panel, y, yStride, ahead.Take(bytes * k, panel), bytes);
            x += (long)TallRows * xStride;
            y += (long)TallRows * yStride;
            m -= TallRows;
        }

        for (var start = 0; start < k; start += Block)
        {
            var count = Math.Min(Block, k - start);
            var px = x + start;
            var pp = panel + (long)start * Width;
            var add = start > 0;
            for (var i = 0; i < m;)
            {
                var rows = m - i;
                var tx = px + ((long)i * xStride);
                var ty = y + ((long)i * yStride);
                if (rows > 4)
                    Tile6(tx, xStride, Math.Min(rows, 6) - 1, count, pp, ty, yStride, add, ahead.Take(64 * count, pp));
                else if (rows > 1)
                    Tile4(tx, xStride, rows - 1, count, pp, ty, yStride, add);
                else
                    Tile1(tx, count, pp, ty, add);
                i += rows > 4 ? 6 : 4;
            }
        }
    }

    // So many rows need no blocks of inputs: what a panel takes to come from the second-level cache, their arithmetic takes longer.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile12(float* x, nint xStride, int k, float* panel, float* y, int yStride, byte* next, int bytes)
    {
        ref var b = ref Unsafe.AsRef<float>(panel);
        var (n, zero) = ((nuint)T.Count, T.Broadcast(0));
        // A pointer for every third row: the others lie one and two strides behind, which addresses express.
        byte* x0 = (byte*)x, x3 = x0 + (3 * xStride), x6 = x3 + (3 * xStride), x9 = x6 + (3 * xStride);
        T a0 = zero, a1 = zero, b0 = zero, b1 = zero, c0 = zero, c1 = zero, d0 = zero, d1 = zero, e0 = zero, e1 = zero, f0 = zero, f1 = zero;
        T g0 = zero, g1 = zero, h0 = zero, h1 = zero, i0 = zero, i1 = zero, j0 = zero, j1 = zero, k0 = zero, k1 = zero, l0 = zero, l1 = zero;
        for (var end = (byte*)(x + k); x0 < end; x0 += sizeof(float), x3 += sizeof(float), x6 += sizeof(float), x9 += sizeof(float))
        {
            if (Sse.IsSupported)
            {
                Sse.Prefetch1(next);
                if (bytes > 64)
                    Sse.Prefetch1(next + 64);
            }

            next += bytes;
            T w0 = T.Load(ref b, 0), w1 = T.Load(ref b, n);
            b = ref Unsafe.Add(ref b, 2 * n);
            var v = T.Broadcast(*(float*)x0);
            a0 = T.MultiplyAdd(v, w0, a0);
            a1 = T.MultiplyAdd(v, w1, a1);
            v = T.Broadcast(*(float*)(x0 + xStride));
            b0 = T.MultiplyAdd(v, w0, b0);
            b1 = T.MultiplyAdd(v, w1, b1);
            v = T.Broadcast(*(float*)(x0 + (2 * xStride)));
            c0 = T.MultiplyAdd(v, w0, c0);
            c1 = T.MultiplyAdd(v, w1, c1);
            v = T.Broadcast(*(float*)x3);
            d0 = T.MultiplyAdd(v, w0, d0);
            d1 = T.MultiplyAdd(v, w1, d1);
            v = T.Broadcast(*(float*)(x3 + xStride));
            e0 = T.MultiplyAdd(v, w0, e0);
            e1 = T.MultiplyAdd(v, w1, e1);
            v = T.Broadcast(*(float*)(x3 + (2 * xStride)));
            f0 = T.MultiplyAdd(v, w0, f0);
            f1 = T.MultiplyAdd(v, w1, f1);
            v = T.Broadcast(*(float*)x6);
            g0 = T.MultiplyAdd(v, w0, g0);
            g1 = T.MultiplyAdd(v, w1, g1);
            v = T.Broadcast(*(float*)(x6 + xStride));
            h0 = T.MultiplyAdd(v, w0, h0);
            h1 = T.MultiplyAdd(v, w1, h1);
            v = T.Broadcast(*(float*)(x6 + (2 * xStride)));
            i0 = T.MultiplyAdd(v, w0, i0);
            i1 = T.MultiplyAdd(v, w1, i1);
            v = T.Broadcast(*(float*)x9);
            j0 = T.MultiplyAdd(v, w0, j0);
            j1 = T.MultiplyAdd(v, w1, j1);
            v = T.Broadcast(*(float*)(x9 + xStride));
            k0 = T.MultiplyAdd(v, w0, k0);
            k1 = T.MultiplyAdd(v, w1, k1);
            v = T.Broadcast(*(float*)(x9 + (2 * xStride)));
            l0 = T.MultiplyAdd(v, w0, l0);
            l1 = T.MultiplyAdd(v, w1, l1);
        }

        ref var row = ref Unsafe.AsRef<float>(y);
        row = ref Store(ref row, a0, a1, yStride);
        row = ref Store(ref row, b0, b1, yStride);
        row = ref Store(ref row, c0, c1, yStride);
        row = ref Store(ref row, d0, d1, yStride);
        row = ref Store(ref row, e0, e1, yStride);
        row = ref Store(ref row, f0, f1, yStride);
        row = ref Store(ref row, g0, g1, yStride);
        row = ref Store(ref row, h0, h1, yStride);
        row = ref Store(ref row, i0, i1, yStride);
        row = ref Store(ref row, j0, j1, yStride);
        row = ref Store(ref row, k0, k1, yStride);
        _ = Store(ref row, l0, l1, yStride);
    }

    // Returns the next row.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float Store(ref float row, T first, T second, int stride)
    {
        first.Store(ref row, 0);
        second.Store(ref row, (nuint)T.Count);
        return ref Unsafe.Add(ref row, stride);
    }

    // With five rows the last stands for the one beyond it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile6(float* x, int xStride, int last, int k, float* panel, float* y, int yStride, bool add, byte* next)
    {
        ref var b = ref Unsafe.AsRef<float>(panel);
        var (n, zero) = ((nuint)T.Count, T.Broadcast(0));
        float* x0 = x, x1 = x0 + xStride, x2 = x1 + xStride, x3 = x2 + xStride, x4 = x3 + xStride, x5 = x + ((long)last * xStride);
        ref var y0 = ref Unsafe.AsRef<float>(y);
        ref var y1 = ref Unsafe.Add(ref y0, yStride);
        ref var y2 = ref Unsafe.Add(ref y1, yStride);
        ref var y3 = ref Unsafe.Add(ref y2, yStride);
        ref var y4 = ref Unsafe.Add(ref y3, yStride);
        ref var y5 = ref Unsafe.Add(ref y0, last * yStride);
        T a0 = zero, a1 = zero, b0 = zero, b1 = zero, c0 = zero, c1 = zero, d0 = zero, d1 = zero, e0 = zero, e1 = zero, f0 = zero, f1 = zero;
        if (add)
        {
            (a0, a1, b0, b1) = (T.Load(ref y0, 0), T.Load(ref y0, n), T.Load(ref y1, 0), T.Load(ref y1, n));
            (c0, c1, d0, d1) = (T.Load(ref y2, 0), T.Load(ref y2, n), T.Load(ref y3, 0), T.Load(ref y3, n));
            (e0, e1, f0, f1) = (T.Load(ref y4, 0), T.Load(ref y4, n), T.Load(ref y5, 0), T.Load(ref y5, n));
        }

        for (var i = 0; i < k; i++)
        {
            if (Sse.IsSupported)
                Sse.Prefetch1(next + (64 * i));
            T w0 = T.Load(ref b, 0), w1 = T.Load(ref b, n);
            b = ref Unsafe.Add(ref b, 2 * n);
            var v = T.Broadcast(x0[i]);
            a0 = T.MultiplyAdd(v, w0, a0);
            a1 = T.MultiplyAdd(v, w1, a1);
            v = T.Broadcast(x1[i]);
            b0 = T.MultiplyAdd(v, w0, b0);
            b1 = T.MultiplyAdd(v, w1, b1);
            v = T.Broadcast(x2[i]);
            c0 = T.MultiplyAdd(v, w0, c0);
            c1 = T.MultiplyAdd(v, w1, c1);
            v = T.Broadcast(x3[i]);
            d0 = T.MultiplyAdd(v, w0, d0);
            d1 = T.MultiplyAdd(v, w1, d1);
            v = T.Broadcast(x4[i]);
            e0 = T.MultiplyAdd(v, w0, e0);
            e1 = T.MultiplyAdd(v, w1, e1);
            v = T.Broadcast(x5[i]);
            f0 = T.MultiplyAdd(v, w0, f0);
            f1 = T.MultiplyAdd(v, w1, f1);
        }

        a0.Store(ref y0, 0);
        a1.Store(ref y0, n);
        b0.Store(ref y1, 0);
        b1.Store(ref y1, n);
        c0.Store(ref y2, 0);
        c1.Store(ref y2, n);
        d0.Store(ref y3, 0);
        d1.Store(ref y3, n);
        e0.Store(ref y4, 0);
        e1.Store(ref y4, n);
        f0.Store(ref y5, 0);
        f1.Store(ref y5, n);
    }

    // With two or three rows the last stands for those beyond it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4(float* x, int xStride, int last, int k, float* panel, float* y, int yStride, bool add)
    {
        ref var b = ref Unsafe.AsRef<float>(panel);
        var (n, zero) = ((nuint)T.Count, T.Broadcast(0));
        float* x0 = x, x1 = x0 + xStride, x2 = x + ((long)Math.Min(2, last) * xStride), x3 = x + ((long)last * xStride);
        ref var y0 = ref Unsafe.AsRef<float>(y);
        ref var y1 = ref Unsafe.Add(ref y0, yStride);
        ref var y2 = ref Unsafe.Add(ref y0, Math.Min(2, last) * yStride);
        ref var y3 = ref Unsafe.Add(ref y0, last * yStride);
        T a0 = zero, a1 = zero, b0 = zero, b1 = zero, c0 = zero, c1 = zero, d0 = zero, d1 = zero;
        if (add)
        {
            (a0, a1, b0, b1) = (T.Load(ref y0, 0), T.Load(ref y0, n), T.Load(ref y1, 0), T.Load(ref y1, n));
            (c0, c1, d0, d1) = (T.Load(ref y2, 0), T.Load(ref y2, n), T.Load(ref y3, 0), T.Load(ref y3, n));
        }

        for (var i = 0; i < k; i++)
        {
            Ahead(ref b);
            T w0 = T.Load(ref b, 0), w1 = T.Load(ref b, n);
            b = ref Unsafe.Add(ref b, 2 * n);
            var v = T.Broadcast(x0[i]);
            a0 = T.MultiplyAdd(v, w0, a0);
            a1 = T.MultiplyAdd(v, w1, a1);
            v = T.Broadcast(x1[i]);
            b0 = T.MultiplyAdd(v, w0, b0);
            b1 = T.MultiplyAdd(v, w1, b1);
            v = T.Broadcast(x2[i]);
            c0 = T.MultiplyAdd(v, w0, c0);
            c1 = T.MultiplyAdd(v, w1, c1);
            v = T.Broadcast(x3[i]);
            d0 = T.MultiplyAdd(v, w0, d0);
            d1 = T.MultiplyAdd(v, w1, d1);
        }

        a0.Store(ref y0, 0);
        a1.Store(ref y0, n);
        b0.Store(ref y1, 0);
        b1.Store(ref y1, n);
        c0.Store(ref y2, 0);
        c1.Store(ref y2, n);
        d0.Store(ref y3, 0);
        d1.Store(ref y3, n);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1(float* x, int k, float* panel, float* y, bool add)
    {
        ref var b = ref Unsafe.AsRef<float>(panel);
        ref var y0 = ref Unsafe.AsRef<float>(y);
        var n = (nuint)T.Count;
        var (a0, a1) = add ? (T.Load(ref y0, 0), T.Load(ref y0, n)) : (T.Broadcast(0), T.Broadcast(0));
        for (var i = 0; i < k; i++)
        {
            var v = T.Broadcast(x[i]);
            a0 = T.MultiplyAdd(v, T.Load(ref b, 0), a0);
            a1 = T.MultiplyAdd(v, T.Load(ref b, n), a1);
            b = ref Unsafe.Add(ref b, 2 * n);
        }

        a0.Store(ref y0, 0);
        a1.Store(ref y0, n);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Ahead(ref float weights)
    {
        if (!Sse.IsSupported)
            return;
        var next = (byte*)Unsafe.AsPointer(ref weights) + FewRowsDistance;
        for (var line = 0; line < Width * sizeof(float); line += 64)
            Sse.Prefetch1(next + line);
    }
}
