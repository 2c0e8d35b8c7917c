using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Sightline.Imaging;

/// <summary>
/// Hands bands of rows from the thread that decodes to one that works on them, through three buffers. A thread of its own, and waits that need no other: one
/// of the pool could wait for threads that wait for it.
/// </summary>
internal sealed class BandWorker : IDisposable
{
    private const int Buffers = 3;

    private readonly BlockingCollection<byte[]> _free = [];
    private readonly BlockingCollection<(byte[] Buffer, int Length)> _full = [];
    private readonly BandWork _work;
    private readonly Thread _thread;
    private ExceptionDispatchInfo? _error;

    /// <summary>Starts the thread.</summary>
    /// <param name="bandBytes">Size of a buffer.</param>
    /// <param name="work">Called for every band, in order.</param>
    public BandWorker(int bandBytes, BandWork work)
    {
        _work = work;
        for (var i = 0; i < Buffers; i++)
            _free.Add(GC.AllocateUninitializedArray<byte>(bandBytes, pinned: true));
        _thread = new Thread(Run) { IsBackground = true, Name = "Sightline resize" };
        _thread.Start();
    }

    /// <summary>What is done with a band.</summary>
    public delegate void BandWork(ReadOnlySpan<byte> band);

    /// <summary>A buffer to fill, pinned; waits until there is one.</summary>
    public byte[] Rent() => _free.Take();

    /// <summary>Hands a filled buffer over.</summary>
    public void Add(byte[] buffer, int length) => _full.Add((buffer, length));

    /// <summary>Waits until everything is done, and throws what the work threw.</summary>
    public void Finish()
    {
        End();
        _error?.Throw();
    }

    /// <summary>Ends the thread.</summary>
    public void Dispose()
    {
        End();
        _free.Dispose();
        _full.Dispose();
    }

    private void End()
    {
        _full.CompleteAdding();
        _thread.Join();
    }

    private void Run()
    {
        foreach (var (buffer, length) in _full.GetConsumingEnumerable())
        {
            try
            {
                if (_error is null)
                    _work(buffer.AsSpan(0, length));
            }
            catch (Exception e)
            {
                _error = ExceptionDispatchInfo.Capture(e);
            }

            _free.Add(buffer);
        }
    }
}
