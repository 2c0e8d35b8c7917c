using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Sightline.Kernels;

/// <summary>Whole-number dot products on 128-bit registers: tiles of up to 2 rows × 16 outputs.</summary>
internal sealed unsafe class Int8Dot128<T>(DotKind kind) : PanelDot where T : struct, IByteProducts<Vector128<int>>
{
    private const int Part = 64; // bytes of 16 outputs

    public override string Name => T.Name;

    public override int MaxRows => 2;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Multiply(byte* x, nint xStride, int rows, byte* panel, int steps, void* sums, byte* next, int ahead)
    {
        var y = (int*)sums;
        for (var part = 0; part < StepBytes / Part; part++)
        {
            var w = panel + (part * Part);
            var target = y + (part * Part / 4);
            if (kind == DotKind.Int4)
                Nibbles(x, xStride, rows, w, steps, target);
            else
                Bytes(x, x + ((rows - 1) * xStride), w, steps, target, target + ((rows - 1) * Width));
        }

        if (T.Signed && kind == DotKind.Int8)
            ByteSums.AddOffset(x, xStride, rows, 4 * steps, y);
    }

    private static Vector128<int> Load(byte* w)
    {
        var weight = Vector128.Load(w);
        return (T.Signed ? weight ^ Vector128.Create((byte)0x80) : weight).AsInt32();
    }

    // With one row both are the same row and give the same sums.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Bytes(byte* x0, byte* x1, byte* w, int steps, int* y0, int* y1)
    {
        Vector128<int> a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
        for (var i = 0; i < steps; i++, w += StepBytes)
        {
            var (p, q) = (Vector128.Create(((int*)x0)[i]), Vector128.Create(((int*)x1)[i]));
            var weight = Load(w);
            (a0, b0) = (T.Add(a0, weight, p), T.Add(b0, weight, q));
            weight = Load(w + 16);
            (a1, b1) = (T.Add(a1, weight, p), T.Add(b1, weight, q));
            weight = Load(w + 32);
            (a2, b2) = (T.Add(a2, weight, p), T.Add(b2, weight, q));
            weight = Load(w + 48);
            (a3, b3) = (T.Add(a3, weight, p), T.Add(b3, weight, q));
        }

        Store(y0, a0, a1, a2, a3);
        Store(y1, b0, b1, b2, b3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Nibbles(byte* x, nint xStride, int rows, byte* panel, int steps, int* y)
    {
        var mask = Vector128.Create((byte)15);
        for (var r = 0; r < rows; r++, x += xStride, y += Width)
        {
            Vector128<int> a0 = default, a1 = default, a2 = default, a3 = default;
            var w = panel;
            for (var i = 0; i < steps; i++, w += StepBytes)
            {
                var (p, q) = (Vector128.Create(((int*)x)[2 * i]), Vector128.Create(((int*)x)[(2 * i) + 1]));
                a0 = AddNibbles(a0, Vector128.Load(w), p, q, mask);
                a1 = AddNibbles(a1, Vector128.Load(w + 16), p, q, mask);
                a2 = AddNibbles(a2, Vector128.Load(w + 32), p, q, mask);
                a3 = AddNibbles(a3, Vector128.Load(w + 48), p, q, mask);
            }

            Store(y, a0, a1, a2, a3);
        }
    }

    private static Vector128<int> AddNibbles(Vector128<int> sum, Vector128<byte> w, Vector128<int> low, Vector128<int> high, Vector128<byte> mask) =>
        T.Add(T.Add(sum, (w & mask).AsInt32(), low), ((w.AsUInt16() >>> 4).AsByte() & mask).AsInt32(), high);

    private static void Store(int* y, Vector128<int> a0, Vector128<int> a1, Vector128<int> a2, Vector128<int> a3)
    {
        a0.Store(y);
        a1.Store(y + 4);
        a2.Store(y + 8);
        a3.Store(y + 12);
    }
}
