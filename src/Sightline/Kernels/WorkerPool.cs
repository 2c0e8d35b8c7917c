using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Sightline.Kernels;

/// <summary>
/// Threads that share the blocks of one loop at a time. Each begins with a range of its own, the same share of every loop, so that what it wrote is read
/// from its own cache again; then it helps the others. They spin a moment before they sleep, since the loops of a model follow each other within
/// microseconds and waking a thread costs more than most of them, and ask for weights meanwhile (<see cref="ReadAhead"/>); a caller who finds the pool busy runs its loop alone. Nothing is allocated per loop.
/// </summary>
#pragma warning disable CA1001 // pools live as long as the process
internal sealed unsafe class WorkerPool
{
    // The state: whether a loop is open to join, how many threads are in it, and its number.
    private const long ActiveMask = 0xFFFF;
    private const long Open = 0x1_0000;
    private const int NumberShift = 17;
    private const int SpinsBeforeSleep = 16000; // some 100 to 200 microseconds

    private const int SpinsBeforeYield = 2000; // the last block of another thread is seldom longer

    private const int CounterStride = 32; // counters lie two cache lines apart: such pairs are fetched together

    private static readonly ConcurrentDictionary<int, WorkerPool> s_pools = new();

    private readonly SemaphoreSlim _wake = new(0);
    private int _busy;
    private int _sleeping;
    private long _state;
    private readonly int[] _next; // where each thread's range goes on
    private int _count;
    private delegate*<object, void*, int, void> _body;
    private object? _self;
    private void* _arguments;
    private Exception? _failure;
    private ReadAhead.Place _place; // the caller's

    private WorkerPool(int threads)
    {
        Threads = threads;
        _next = new int[(threads + 1) * CounterStride];
        Ahead = new ReadAhead(threads);
        for (var i = 1; i < threads; i++)
        {
            var index = i;
            new Thread(() => Work(index)) { IsBackground = true, Name = "Sightline worker" }.Start();
        }
    }

    /// <summary>Threads that share a loop, the caller's included.</summary>
    public int Threads { get; }

    /// <summary>What the loop after the one that runs will read.</summary>
    public ReadAhead Ahead { get; }

    /// <summary>The pool of so many threads; all models with that number share it.</summary>
    /// <param name="threads">0 means one per physical core.</param>
    public static WorkerPool Get(int threads) => s_pools.GetOrAdd(threads > 0 ? threads : ProcessorTopology.PhysicalCores, static count => new WorkerPool(count));

    /// <summary>Runs <paramref name="body"/>(self, arguments, i) for i = 0 … count − 1, in any order, and returns when all are done.</summary>
    /// <param name="count">Number of blocks.</param>
    /// <param name="body">What to do for each.</param>
    /// <param name="self">Passed on.</param>
    /// <param name="arguments">Passed on; may lie on the caller's stack.</param>
    public void For(int count, delegate*<object, void*, int, void> body, object self, void* arguments)
    {
        if (count <= 1 || Threads == 1 || Interlocked.CompareExchange(ref _busy, 1, 0) != 0)
        {
            for (var i = 0; i < count; i++)
                body(self, arguments, i);
            return;
        }

        _count = count;
        _body = body;
        _self = self;
        _arguments = arguments;
        _failure = null;
        for (var i = 0; i < Threads; i++)
            Next(i) = First(i);
        Interlocked.Exchange(ref _state, ((_state >> NumberShift) + 1) << NumberShift | Open);
        if (Volatile.Read(ref _sleeping) is > 0 and var sleeping)
            _wake.Release(sleeping);
        RunBlocks(0);
        Interlocked.And(ref _state, ~Open);
        var spinner = new SpinWait();
        for (var spins = 0; (Volatile.Read(ref _state) & ActiveMask) != 0; spins++)
        {
            if (Ahead.Step(0, ref _place))
                continue;
            if (spins < SpinsBeforeYield)
                Thread.SpinWait(1);
            else
                spinner.SpinOnce(sleep1Threshold: -1);
        }

        var failure = _failure;
        _self = null;
        Volatile.Write(ref _busy, 0);
        if (failure is not null)
            ExceptionDispatchInfo.Throw(failure);
    }

    private int First(int thread) => (int)((long)thread * _count / Threads);

    private ref int Next(int thread) => ref _next[(thread + 1) * CounterStride];

    private void RunBlocks(int thread)
    {
        try
        {
            for (var turn = 0; turn < Threads; turn++)
            {
                var owner = thread + turn < Threads ? thread + turn : thread + turn - Threads;
                var end = First(owner + 1);
                while (Volatile.Read(ref Next(owner)) < end && Interlocked.Increment(ref Next(owner)) - 1 is var i && i < end)
                    _body(_self!, _arguments, i);
            }
        }
        catch (Exception e)
        {
            _failure = e;
        }
    }

    private void Work(int thread)
    {
        var done = 0L;
        var spins = 0;
        var place = default(ReadAhead.Place);
        while (true)
        {
            var state = Volatile.Read(ref _state);
            if ((state & Open) != 0 && state >> NumberShift != done)
            {
                if (Interlocked.CompareExchange(ref _state, state + 1, state) != state)
                    continue;
                done = state >> NumberShift;
                RunBlocks(thread);
                Interlocked.Decrement(ref _state);
                spins = 0;
            }
            else if (spins++ < SpinsBeforeSleep)
            {
                if (!Ahead.Step(thread, ref place))
                    Thread.SpinWait(1);
            }
            else
            {
                Interlocked.Increment(ref _sleeping);
                state = Volatile.Read(ref _state);
                if ((state & Open) == 0 || state >> NumberShift == done)
                    _wake.Wait();
                Interlocked.Decrement(ref _sleeping);
                spins = 0;
            }
        }
    }
}
