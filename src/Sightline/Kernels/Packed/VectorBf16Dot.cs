using System.Runtime.CompilerServices;

namespace Sightline.Kernels;

/// <summary>bf16 dot products by widening to fp32: tiles of 2 rows × 4 registers of outputs, of 512 bits 4 rows × 2.</summary>
internal sealed unsafe class VectorBf16Dot<T> : PanelDot where T : struct, ILanes<T>
{
    public override string Name => T.Name;

    public override int MaxRows => IsWide ? 4 : 2;

    private static bool IsWide => T.Count == Width / 2;

    public override void Multiply(byte* x, nint xStride, int rows, byte* panel, int steps, void* sums, byte* next, int ahead)
    {
        if (IsWide)
        {
            Wide(x, xStride, rows - 1, panel, steps, (float*)sums, next, ahead);
            return;
        }

        var y0 = (float*)sums;
        var y1 = y0 + ((rows - 1) * Width);
        for (var o = 0; o < Width; o += 4 * T.Count)
            Tile((uint*)x, (uint*)(x + ((rows - 1) * xStride)), panel + (4 * o), steps, y0 + o, y1 + o, next, ahead);
    }

    // With one row both are the same row and give the same sums.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile(uint* x0, uint* x1, byte* w, int steps, float* y0, float* y1, byte* next, int ahead)
    {
        T a0 = T.Broadcast(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
        var n = (nuint)T.Count;
        for (var i = 0; i < steps; i++, w += StepBytes)
        {
            Ask(ref next, ahead);
            ref var weights = ref Unsafe.AsRef<float>(w);
            T w0 = T.Load(ref weights, 0), w1 = T.Load(ref weights, n), w2 = T.Load(ref weights, 2 * n), w3 = T.Load(ref weights, 3 * n);
            T p = Broadcast(x0[i] << 16), q = Broadcast(x1[i] << 16);
            T v = T.ShiftLeft16(w0);
            (a0, b0) = (T.MultiplyAdd(v, p, a0), T.MultiplyAdd(v, q, b0));
            v = T.ShiftLeft16(w1);
            (a1, b1) = (T.MultiplyAdd(v, p, a1), T.MultiplyAdd(v, q, b1));
            v = T.ShiftLeft16(w2);
            (a2, b2) = (T.MultiplyAdd(v, p, a2), T.MultiplyAdd(v, q, b2));
            v = T.ShiftLeft16(w3);
            (a3, b3) = (T.MultiplyAdd(v, p, a3), T.MultiplyAdd(v, q, b3));
            (p, q) = (Broadcast(x0[i] & 0xFFFF0000), Broadcast(x1[i] & 0xFFFF0000));
            v = T.Upper16(w0);
            (a0, b0) = (T.MultiplyAdd(v, p, a0), T.MultiplyAdd(v, q, b0));
            v = T.Upper16(w1);
            (a1, b1) = (T.MultiplyAdd(v, p, a1), T.MultiplyAdd(v, q, b1));
            v = T.Upper16(w2);
            (a2, b2) = (T.MultiplyAdd(v, p, a2), T.MultiplyAdd(v, q, b2));
            v = T.Upper16(w3);
            (a3, b3) = (T.MultiplyAdd(v, p, a3), T.MultiplyAdd(v, q, b3));
        }

        Store(y0, a0, a1, a2, a3);
        Store(y1, b0, b1, b2, b3);
    }

    // With fewer than four rows the last stands for those beyond it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Wide(byte* x, nint xStride, int last, byte* w, int steps, float* y, byte* next, int ahead)
    {
        uint* x0 = (uint*)x, x1 = (uint*)(x + (Math.Min(1, last) * xStride)), x2 = (uint*)(x + (Math.Min(2, last) * xStride)), x3 = (uint*)(x + (last * xStride));
        T a0 = T.Broadcast(0), a1 = a0, b0 = a0, b1 = a0, c0 = a0, c1 = a0, d0 = a0, d1 = a0;
        for (var i = 0; i < steps; i++, w += StepBytes)
        {
            Ask(ref next, ahead);
            ref var weights = ref Unsafe.AsRef<float>(w);
            T w0 = T.Load(ref weights, 0), w1 = T.Load(ref weights, (nuint)T.Count);
            T v0 = T.ShiftLeft16(w0), v1 = T.ShiftLeft16(w1);
            var p = Broadcast(x0[i] << 16);
            (a0, a1) = (T.MultiplyAdd(v0, p, a0), T.MultiplyAdd(v1, p, a1));
            p = Broadcast(x1[i] << 16);
            (b0, b1) = (T.MultiplyAdd(v0, p, b0), T.MultiplyAdd(v1, p, b1));
            p = Broadcast(x2[i] << 16);
            (c0, c1) = (T.MultiplyAdd(v0, p, c0), T.MultiplyAdd(v1, p, c1));
            p = Broadcast(x3[i] << 16);
            (d0, d1) = (T.MultiplyAdd(v0, p, d0), T.MultiplyAdd(v1, p, d1));
            (v0, v1) = (T.Upper16(w0), T.Upper16(w1));
            p = Broadcast(x0[i] & 0xFFFF0000);
            (a0, a1) = (T.MultiplyAdd(v0, p, a0), T.MultiplyAdd(v1, p, a1));
            p = Broadcast(x1[i] & 0xFFFF0000);
            (b0, b1) = (T.MultiplyAdd(v0, p, b0), T.MultiplyAdd(v1, p, b1));
            p = Broadcast(x2[i] & 0xFFFF0000);
            (c0, c1) = (T.MultiplyAdd(v0, p, c0), T.MultiplyAdd(v1, p, c1));
            p = Broadcast(x3[i] & 0xFFFF0000);
            (d0, d1) = (T.MultiplyAdd(v0, p, d0), T.MultiplyAdd(v1, p, d1));
        }

        Store(y + (last * Width), d0, d1);
        Store(y + (Math.Min(2, last) * Width), c0, c1);
        Store(y + (Math.Min(1, last) * Width), b0, b1);
        Store(y, a0, a1);
    }

    private static T Broadcast(uint bits) => T.Broadcast(BitConverter.UInt32BitsToSingle(bits));

    private static void Store(float* y, T a0, T a1, T a2, T a3)
    {
        Store(y, a0, a1);
        Store(y + (2 * T.Count), a2, a3);
    }

    private static void Store(float* y, T a0, T a1)
    {
        ref var target = ref Unsafe.AsRef<float>(y);
        a0.Store(ref target, 0);
        a1.Store(ref target, (nuint)T.Count);
    }
}
