using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Sightline.Kernels;

/// <summary>Whole-number dot products on 256-bit registers: tiles of 3 rows × 32 outputs, as 16 registers allow.</summary>
internal sealed unsafe class Int8Dot256<T>(DotKind kind) : PanelDot where T : struct, IByteProducts<Vector256<int>>
{
    public override string Name => T.Name;

    public override int MaxRows => 3;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Multiply(byte* x, nint xStride, int rows, byte* panel, int steps, void* sums, byte* next, int ahead)
    {
        var y = (int*)sums;
        if (kind == DotKind.Int4)
            Nibbles(x, xStride, rows, panel, steps, y);
        else if (rows == 3)
            Tile3(x, xStride, panel, steps, y);
        else
        {
            for (var r = 0; r < rows; r++)
                Tile1(x + (r * xStride), panel, steps, y + (r * Width));
        }

        if (T.Signed && kind == DotKind.Int8)
            ByteSums.AddOffset(x, xStride, rows, 4 * steps, y);
    }

    private static Vector256<int> Load(byte* w)
    {
        var weight = Vector256.Load(w);
        return (T.Signed ? weight ^ Vector256.Create((byte)0x80) : weight).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile3(byte* x, nint xStride, byte* w, int steps, int* y)
    {
        Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
        Vector256<int> c0 = default, c1 = default, c2 = default, c3 = default;
        byte* x0 = x, x1 = x0 + xStride, x2 = x1 + xStride;
        for (var i = 0; i < steps; i++, w += StepBytes)
        {
            var (p, q, r) = (Vector256.Create(((int*)x0)[i]), Vector256.Create(((int*)x1)[i]), Vector256.Create(((int*)x2)[i]));
            var weight = Load(w);
            (a0, b0, c0) = (T.Add(a0, weight, p), T.Add(b0, weight, q), T.Add(c0, weight, r));
            weight = Load(w + 32);
            (a1, b1, c1) = (T.Add(a1, weight, p), T.Add(b1, weight, q), T.Add(c1, weight, r));
            weight = Load(w + 64);
            (a2, b2, c2) = (T.Add(a2, weight, p), T.Add(b2, weight, q), T.Add(c2, weight, r));
            weight = Load(w + 96);
            (a3, b3, c3) = (T.Add(a3, weight, p), T.Add(b3, weight, q), T.Add(c3, weight, r));
        }

        Store(y, a0, a1, a2, a3);
        Store(y + Width, b0, b1, b2, b3);
        Store(y + (2 * Width), c0, c1, c2, c3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1(byte* x, byte* w, int steps, int* y)
    {
        Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default;
        for (var i = 0; i < steps; i++, w += StepBytes)
        {
            var p = Vector256.Create(((int*)x)[i]);
            a0 = T.Add(a0, Load(w), p);
            a1 = T.Add(a1, Load(w + 32), p);
            a2 = T.Add(a2, Load(w + 64), p);
            a3 = T.Add(a3, Load(w + 96), p);
        }

        Store(y, a0, a1, a2, a3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Nibbles(byte* x, nint xStride, int rows, byte* panel, int steps, int* y)
    {
        var mask = Vector256.Create((byte)15);
        for (var r = 0; r < rows; r++, x += xStride, y += Width)
        {
            Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default;
            var w = panel;
            for (var i = 0; i < steps; i++, w += StepBytes)
            {
                var (p, q) = (Vector256.Create(((int*)x)[2 * i]), Vector256.Create(((int*)x)[(2 * i) + 1]));
                a0 = AddNibbles(a0, Vector256.Load(w), p, q, mask);
                a1 = AddNibbles(a1, Vector256.Load(w + 32), p, q, mask);
                a2 = AddNibbles(a2, Vector256.Load(w + 64), p, q, mask);
                a3 = AddNibbles(a3, Vector256.Load(w + 96), p, q, mask);
            }

            Store(y, a0, a1, a2, a3);
        }
    }

    private static Vector256<int> AddNibbles(Vector256<int> sum, Vector256<byte> w, Vector256<int> low, Vector256<int> high, Vector256<byte> mask) =>
        T.Add(T.Add(sum, (w & mask).AsInt32(), low), ((w.AsUInt16() >>> 4).AsByte() & mask).AsInt32(), high);

    private static void Store(int* y, Vector256<int> a0, Vector256<int> a1, Vector256<int> a2, Vector256<int> a3)
    {
        a0.Store(y);
        a1.Store(y + 8);
        a2.Store(y + 16);
        a3.Store(y + 24);
    }
}
