using System.Runtime.Intrinsics.X86;

namespace Sightline.Kernels;

/// <summary>
/// The weights that the next loop will read, thread by thread. Threads that wait ask the caches for them: a token is bound by reading weights, and between
/// two layers memory would lie idle.
/// </summary>
/// <param name="threads">Threads of the pool.</param>
internal sealed unsafe class ReadAhead(int threads)
{
    private const long Most = 1 << 18; // bytes of a thread: a part of its second-level cache
    private const int StepBytes = 1024; // so few that a waiting thread notices at once that it can go on
    private const int Line = 64;
    private const int Padding = 32; // a thread's numbers lie in cache lines of their own

    private readonly nint[] _starts = new nint[threads * Padding];
    private readonly nint[] _ends = new nint[threads * Padding];
    private int _version;

    /// <summary>Says what the next loop reads: blocks side by side, as many for each thread. The memory is never touched, so it may be gone by then.</summary>
    /// <param name="start">The first block.</param>
    /// <param name="blocks">Blocks of the loop.</param>
    /// <param name="blockBytes">Bytes of a block.</param>
    public void Announce(byte* start, int blocks, long blockBytes)
    {
        for (var thread = 0; thread < threads; thread++)
        {
            var (first, end) = ((long)thread * blocks / threads, (long)(thread + 1) * blocks / threads);
            _starts[thread * Padding] = (nint)(start + (first * blockBytes));
            _ends[thread * Padding] = (nint)(start + (first * blockBytes) + Math.Min(Most, (end - first) * blockBytes));
        }

        Volatile.Write(ref _version, _version + 1);
    }

    /// <summary>Asks for a little more of a thread's part.</summary>
    /// <param name="thread">The thread.</param>
    /// <param name="place">How far it has come; its own.</param>
    /// <returns>False once all has been asked for.</returns>
    public bool Step(int thread, ref Place place)
    {
        var version = Volatile.Read(ref _version);
        if (place.Version != version)
            place = new Place { Version = version, Next = _starts[thread * Padding], End = _ends[thread * Padding] };
        if (place.Next >= place.End || !Sse.IsSupported)
            return false;
        for (var i = 0; i < StepBytes; i += Line)
            Sse.Prefetch1((byte*)place.Next + i);
        place.Next += StepBytes;
        return true;
    }

    /// <summary>How far a thread has come.</summary>
    public struct Place
    {
        public int Version;
        public nint Next;
        public nint End;
    }
}
