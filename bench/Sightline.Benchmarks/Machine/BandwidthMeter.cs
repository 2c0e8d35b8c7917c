using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Sightline.Benchmarks.Machine;

/// <summary>Bytes a second that the threads together read from memory: streams far larger than the caches.</summary>
internal static unsafe class BandwidthMeter
{
    private const nuint StreamBytes = 256 << 20;
    private const int Ahead = 4096;

    public static double Measure(int threads)
    {
        var streams = new nint[threads];
        for (var i = 0; i < threads; i++)
        {
            streams[i] = (nint)NativeMemory.AlignedAlloc(StreamBytes, 4096);
            NativeMemory.Fill((void*)streams[i], StreamBytes, 1);
        }

        var next = 0;
        var seconds = ParallelClock.Best(threads, () => Read((byte*)streams[(Interlocked.Increment(ref next) - 1) % threads]));
        foreach (var stream in streams)
            NativeMemory.AlignedFree((void*)stream);
        return threads * (double)StreamBytes / seconds / 1e9;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Read(byte* stream)
    {
        Vector<int> a = default, b = default, c = default, d = default;
        var step = 4 * Vector<byte>.Count;
        for (nuint i = 0; i < StreamBytes; i += (nuint)step)
        {
            for (var line = 0; Sse.IsSupported && line < step; line += 64)
                Sse.Prefetch0(stream + i + Ahead + line);
            a += Vector.Load((int*)(stream + i));
            b += Vector.Load((int*)(stream + i + Vector<byte>.Count));
            c += Vector.Load((int*)(stream + i + (2 * Vector<byte>.Count)));
            d += Vector.Load((int*)(stream + i + (3 * Vector<byte>.Count)));
        }

        GC.KeepAlive(Vector.Sum(a + b + c + d));
    }
}
