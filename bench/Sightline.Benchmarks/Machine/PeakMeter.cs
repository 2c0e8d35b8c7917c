using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Sightline.Kernels;
using Sightline.Kernels.Assembled;

namespace Sightline.Benchmarks.Machine;

/// <summary>The most operations a second: products summed in registers, nothing else.</summary>
internal static unsafe class PeakMeter
{
    private const int Sums = 24;
    private const int Steps = 2_000_000;

    public static (double Fp32, double Bf16, double Int8) Measure(int threads) => (
        Vector512.IsHardwareAccelerated ? Floats<Lanes512>(threads) : Vector256.IsHardwareAccelerated ? Floats<Lanes256>(threads) : Floats<Lanes128>(threads),
        CpuFeatures.HasAvx512Bf16 ? Assembled(threads, bf16: true) : 0,
        CpuFeatures.HasAvx512Vnni ? Assembled(threads, bf16: false) : 0);

    private static double Floats<T>(int threads) where T : struct, ILanes<T> =>
        threads * (double)Steps * 12 * 2 * T.Count / ParallelClock.Best(threads, Vectors<T>) / 1e9;

    private static double Assembled(int threads, bool bf16)
    {
        var code = new Assembler();
        for (var i = 0; i < 32; i++)
            code.Xor(i, i, i);
        code.LoadGeneral(0, OperatingSystem.IsWindows() ? 1 : 7, 0);
        var loop = code.Position;
        for (var sum = 0; sum < Sums; sum++)
        {
            if (bf16)
                code.AddBf16Products(sum, 24 + (sum % 4), 28 + (sum % 4));
            else
                code.AddByteProducts(sum, 24 + (sum % 4), 28 + (sum % 4));
        }

        code.Decrement(0);
        code.JumpIfNotZero(loop);
        code.Return();
        if (OperatingSystem.IsWindows() || ExecutableMemory.TryCreate(code.ToArray()) is not { } memory) // on Windows xmm6 … xmm15 would have to be kept
            return 0;
        var start = (nint)memory.Start;
        var seconds = ParallelClock.Best(threads, () =>
        {
            long steps = Steps;
            ((delegate* unmanaged<long*, void>)start)(&steps);
        });
        return threads * (double)Steps * Sums * 2 * (bf16 ? 32 : 64) / seconds / 1e9;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Vectors<T>() where T : struct, ILanes<T>
    {
        var (x, y) = (T.Broadcast(0.999f), T.Broadcast(1e-3f));
        T a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
        for (var step = 0; step < Steps; step++)
        {
            a = T.MultiplyAdd(a, x, y);
            b = T.MultiplyAdd(b, x, y);
            c = T.MultiplyAdd(c, x, y);
            d = T.MultiplyAdd(d, x, y);
            e = T.MultiplyAdd(e, x, y);
            f = T.MultiplyAdd(f, x, y);
            g = T.MultiplyAdd(g, x, y);
            h = T.MultiplyAdd(h, x, y);
            i = T.MultiplyAdd(i, x, y);
            j = T.MultiplyAdd(j, x, y);
            k = T.MultiplyAdd(k, x, y);
            l = T.MultiplyAdd(l, x, y);
        }

        GC.KeepAlive(T.Sum(T.Add(T.Add(T.Add(T.Add(a, b), T.Add(c, d)), T.Add(e, f)), T.Add(T.Add(T.Add(g, h), T.Add(i, j)), T.Add(k, l)))));
    }
}
