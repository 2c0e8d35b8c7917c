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
        {
            for (var r = 0; r < rows; r += 2)
                Nibbles2(x + (r * xStride), xStride, Math.Min(2, rows - r) - 1, panel, steps, y + (r * Width), next, ahead);
        }
        else if (rows > 1)
        {
            Tile3(x, xStride, rows - 1, panel, steps, y, next, ahead);
        }
        else
        {
            Tile1(x, panel, steps, y, next, ahead);
        }

        if (T.Signed && kind == DotKind.Int8)
            ByteSums.AddOffset(x, xStride, rows, 4 * steps, y);
    }

    private static Vector256<int> Load(byte* w)
    {
        var weight = Vector256.Load(w);
        return (T.Signed ? weight ^ Vector256.Create((byte)0x80) : weight).AsInt32();
    }

    // With two rows the last stands for the one beyond it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile3(byte* x, nint xStride, int last, byte* w, int steps, int* y, byte* next, int ahead)
    {
        Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
        Vector256<int> c0 = default, c1 = default, c2 = default, c3 = default;
        byte* x0 = x, x1 = x0 + xStride, x2 = x + (last * xStride);
        for (var i = 0; i < steps; i++, w += StepBytes)
        {
            Ask(ref next, ahead);
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
        Store(y + (last * Width), c0, c1, c2, c3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1(byte* x, byte* w, int steps, int* y, byte* next, int ahead)
    {
        Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default;
        for (var i = 0; i < steps; i++, w += StepBytes)
        {
            Ask(ref next, ahead);
            var p = Vector256.Create(((int*)x)[i]);
            a0 = T.Add(a0, Load(w), p);
            a1 = T.Add(a1, Load(w + 32), p);
            a2 = T.Add(a2, Load(w + 64), p);
            a3 = T.Add(a3, Load(w + 96), p);
        }

        Store(y, a0, a1, a2, a3);
    }

    // With one row both are the same row and give the same sums.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Nibbles2(byte* x, nint xStride, int last, byte* w, int steps, int* y, byte* next, int ahead)
    {
        Vector256<int> a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
        int* x0 = (int*)x, x1 = (int*)(x + (last * xStride));
        for (var i = 0; i < steps; i++, w += StepBytes, x0 += 2, x1 += 2)
        {
            Ask(ref next, ahead);
            var (low, high) = Halves(w);
            (a0, b0) = (Add(a0, low, high, x0), Add(b0, low, high, x1));
            (low, high) = Halves(w + 32);
            (a1, b1) = (Add(a1, low, high, x0), Add(b1, low, high, x1));
            (low, high) = Halves(w + 64);
            (a2, b2) = (Add(a2, low, high, x0), Add(b2, low, high, x1));
            (low, high) = Halves(w + 96);
            (a3, b3) = (Add(a3, low, high, x0), Add(b3, low, high, x1));
        }

        Store(y, a0, a1, a2, a3);
        Store(y + (last * Width), b0, b1, b2, b3);
    }

    private static (Vector256<int> Low, Vector256<int> High) Halves(byte* w)
    {
        var (pairs, mask) = (Vector256.Load(w), Vector256.Create((byte)15));
        return ((pairs & mask).AsInt32(), ((pairs.AsUInt16() >>> 4).AsByte() & mask).AsInt32());
    }

    private static Vector256<int> Add(Vector256<int> sum, Vector256<int> low, Vector256<int> high, int* x) =>
        T.Add(T.Add(sum, low, Vector256.Create(x[0])), high, Vector256.Create(x[1]));

    private static void Store(int* y, Vector256<int> a0, Vector256<int> a1, Vector256<int> a2, Vector256<int> a3)
    {
        a0.Store(y);
        a1.Store(y + 8);
        a2.Store(y + 16);
        a3.Store(y + 24);
    }
}
