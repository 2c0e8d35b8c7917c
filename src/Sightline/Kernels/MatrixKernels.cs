using System.Runtime.CompilerServices;

namespace Sightline.Kernels;

/// <summary>Two small matrix products over rows with strides, written once for every vector width.</summary>
/// <remarks>
/// Both work on tiles of 4 × 4 registers. Tiling changes no sum: an element's terms are added in the same order whatever the number of rows,
/// so a batch gives the bits that its rows give alone.
/// </remarks>
internal static unsafe class MatrixKernels<T> where T : struct, ILanes<T>
{
    private const int Tile = 4;

    /// <summary>c[i, j] = a[i] · b[j] for rows i of a and j of b, both of length k; row j of b is at <paramref name="places"/>[j].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dots(float* a, int aStride, int m, float* b, int* places, int n, int k, float* c, int cStride)
    {
        for (var j = 0; j < n; j += Tile)
        {
            var columns = Math.Min(Tile, n - j);
            for (var i = 0; i < m; i += Tile)
            {
                var rows = Math.Min(Tile, m - i);
                var pa = a + (long)i * aStride;
                var pc = c + (long)i * cStride + j;
                if (rows == Tile && columns == Tile)
                    DotTile(pa, aStride, b, places + j, k, pc, cStride);
                else
                    DotRemainder(pa, aStride, rows, b, places + j, columns, k, pc, cStride);
            }
        }
    }

    /// <summary>c[i] = Σⱼ p[i, j] b[j] for rows i of p, with b[j] of length d at <paramref name="places"/>[j].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WeightedSums(float* p, int pStride, int m, float* b, int* places, int n, int d, float* c, int cStride)
    {
        for (var i = 0; i < m; i++)
        {
            var weights = p + (long)i * pStride;
            var output = c + (long)i * cStride;
            var x = 0;
            for (; x + Tile * T.Count <= d; x += Tile * T.Count)
            {
                T s0 = T.Broadcast(0), s1 = s0, s2 = s0, s3 = s0;
                for (var j = 0; j < n; j++)
                {
                    ref var row = ref Unsafe.AsRef<float>(b + places[j] + x);
                    var w = T.Broadcast(weights[j]);
                    s0 = T.MultiplyAdd(w, T.Load(ref row, 0), s0);
                    s1 = T.MultiplyAdd(w, T.Load(ref row, (nuint)T.Count), s1);
                    s2 = T.MultiplyAdd(w, T.Load(ref row, 2 * (nuint)T.Count), s2);
                    s3 = T.MultiplyAdd(w, T.Load(ref row, 3 * (nuint)T.Count), s3);
                }

                ref var target = ref Unsafe.AsRef<float>(output + x);
                s0.Store(ref target, 0);
                s1.Store(ref target, (nuint)T.Count);
                s2.Store(ref target, 2 * (nuint)T.Count);
                s3.Store(ref target, 3 * (nuint)T.Count);
            }

            for (; x + T.Count <= d; x += T.Count)
            {
                var sum = T.Broadcast(0);
                for (var j = 0; j < n; j++)
                    sum = T.MultiplyAdd(T.Broadcast(weights[j]), T.Load(ref Unsafe.AsRef<float>(b + places[j] + x), 0), sum);
                sum.Store(ref Unsafe.AsRef<float>(output + x), 0);
            }

            for (; x < d; x++)
            {
                var sum = 0f;
                for (var j = 0; j < n; j++)
                    sum += weights[j] * b[places[j] + x];
                output[x] = sum;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DotTile(float* a, int aStride, float* b, int* places, int k, float* c, int cStride)
    {
        ref var a0 = ref Unsafe.AsRef<float>(a);
        ref var a1 = ref Unsafe.AsRef<float>(a + aStride);
        ref var a2 = ref Unsafe.AsRef<float>(a + 2L * aStride);
        ref var a3 = ref Unsafe.AsRef<float>(a + 3L * aStride);
        ref var b0 = ref Unsafe.AsRef<float>(b + places[0]);
        ref var b1 = ref Unsafe.AsRef<float>(b + places[1]);
        ref var b2 = ref Unsafe.AsRef<float>(b + places[2]);
        ref var b3 = ref Unsafe.AsRef<float>(b + places[3]);
        T c00 = T.Broadcast(0), c01 = c00, c02 = c00, c03 = c00, c10 = c00, c11 = c00, c12 = c00, c13 = c00;
        T c20 = c00, c21 = c00, c22 = c00, c23 = c00, c30 = c00, c31 = c00, c32 = c00, c33 = c00;
        nuint x = 0;
        for (; (int)x + T.Count <= k; x += (nuint)T.Count)
        {
            T v0 = T.Load(ref b0, x), v1 = T.Load(ref b1, x), v2 = T.Load(ref b2, x), v3 = T.Load(ref b3, x);
            var u = T.Load(ref a0, x);
            c00 = T.MultiplyAdd(u, v0, c00);
            c01 = T.MultiplyAdd(u, v1, c01);
            c02 = T.MultiplyAdd(u, v2, c02);
            c03 = T.MultiplyAdd(u, v3, c03);
            u = T.Load(ref a1, x);
            c10 = T.MultiplyAdd(u, v0, c10);
            c11 = T.MultiplyAdd(u, v1, c11);
            c12 = T.MultiplyAdd(u, v2, c12);
            c13 = T.MultiplyAdd(u, v3, c13);
            u = T.Load(ref a2, x);
            c20 = T.MultiplyAdd(u, v0, c20);
            c21 = T.MultiplyAdd(u, v1, c21);
            c22 = T.MultiplyAdd(u, v2, c22);
            c23 = T.MultiplyAdd(u, v3, c23);
            u = T.Load(ref a3, x);
            c30 = T.MultiplyAdd(u, v0, c30);
            c31 = T.MultiplyAdd(u, v1, c31);
            c32 = T.MultiplyAdd(u, v2, c32);
            c33 = T.MultiplyAdd(u, v3, c33);
        }

        Finish(a, b, places, c00, c01, c02, c03, (int)x, k, c);
        Finish(a + aStride, b, places, c10, c11, c12, c13, (int)x, k, c + cStride);
        Finish(a + 2L * aStride, b, places, c20, c21, c22, c23, (int)x, k, c + 2L * cStride);
        Finish(a + 3L * aStride, b, places, c30, c31, c32, c33, (int)x, k, c + 3L * cStride);
    }

    private static void Finish(float* a, float* b, int* places, T s0, T s1, T s2, T s3, int x, int k, float* c)
    {
        c[0] = Finish(a, b + places[0], s0, x, k);
        c[1] = Finish(a, b + places[1], s1, x, k);
        c[2] = Finish(a, b + places[2], s2, x, k);
        c[3] = Finish(a, b + places[3], s3, x, k);
    }

    private static float Finish(float* a, float* b, T sum, int x, int k)
    {
        var total = T.Sum(sum);
        for (; x < k; x++)
            total += a[x] * b[x];
        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DotRemainder(float* a, int aStride, int rows, float* b, int* places, int columns, int k, float* c, int cStride)
    {
        for (var i = 0; i < rows; i++)
        {
            ref var left = ref Unsafe.AsRef<float>(a + (long)i * aStride);
            if (columns == Tile)
            {
                ref var b0 = ref Unsafe.AsRef<float>(b + places[0]);
                ref var b1 = ref Unsafe.AsRef<float>(b + places[1]);
                ref var b2 = ref Unsafe.AsRef<float>(b + places[2]);
                ref var b3 = ref Unsafe.AsRef<float>(b + places[3]);
                T s0 = T.Broadcast(0), s1 = s0, s2 = s0, s3 = s0;
                nuint x = 0;
                for (; (int)x + T.Count <= k; x += (nuint)T.Count)
                {
                    var u = T.Load(ref left, x);
                    s0 = T.MultiplyAdd(u, T.Load(ref b0, x), s0);
                    s1 = T.MultiplyAdd(u, T.Load(ref b1, x), s1);
                    s2 = T.MultiplyAdd(u, T.Load(ref b2, x), s2);
                    s3 = T.MultiplyAdd(u, T.Load(ref b3, x), s3);
                }

                Finish(a + (long)i * aStride, b, places, s0, s1, s2, s3, (int)x, k, c + (long)i * cStride);
                continue;
            }

            for (var j = 0; j < columns; j++)
            {
                ref var right = ref Unsafe.AsRef<float>(b + places[j]);
                var sum = T.Broadcast(0);
                nuint x = 0;
                for (; (int)x + T.Count <= k; x += (nuint)T.Count)
                    sum = T.MultiplyAdd(T.Load(ref left, x), T.Load(ref right, x), sum);
                c[(long)i * cStride + j] = Finish(a + (long)i * aStride, b + places[j], sum, (int)x, k);
            }
        }
    }
}
