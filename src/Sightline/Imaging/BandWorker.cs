using System.Runtime.ExceptionServices;
using System.Threading.Channels;

namespace Sightline.Imaging;

/// <summary>
/// Hands bands of rows from the thread that decodes to one that works on them, through two buffers. A thread of its own: one of the pool could wait for
/// threads that wait for it.
/// </summary>
internal sealed class BandWorker : IDisposable
{
    private const int Buffers = 3;

    private readonly Channel<byte[]> _free = Channel.CreateBounded<byte[]>(Buffers);
    private readonly Channel<(byte[] Buffer, int Length)> _full = Channel.CreateBounded<(byte[], int)>(Buffers);
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
            _free.Writer.TryWrite(GC.AllocateUninitializedArray<byte>(bandBytes, pinned: true));
        _thread = new Thread(Run) { IsBackground = true, Name = "Sightline resize" };
        _thread.Start();
    }

    /// <summary>What is done with a band.</summary>
    public delegate void BandWork(ReadOnlySpan<byte> band);

    /// <summary>A buffer to fill, pinned; waits until there is one.</summary>
    public byte[] Rent() => Wait(_free.Reader);

    /// <summary>Hands a filled buffer over.</summary>
    public void Add(byte[] buffer, int length) => _full.Writer.TryWrite((buffer, length));

    /// <summary>Waits until everything is done, and throws what the work threw.</summary>
    public void Finish()
    {
        Dispose();
        _error?.Throw();
    }

    /// <summary>Ends the thread.</summary>
    public void Dispose()
    {
        _full.Writer.TryComplete();
        _thread.Join();
    }

    private static T Wait<T>(ChannelReader<T> reader) =>
        reader.TryRead(out var item) ? item : reader.ReadAsync().AsTask().GetAwaiter().GetResult();

    private void Run()
    {
        while (_full.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (_full.Reader.TryRead(out var band))
            {
                try
                {
                    if (_error is null)
                        _work(band.Buffer.AsSpan(0, band.Length));
                }
                catch (Exception e)
                {
                    _error = ExceptionDispatchInfo.Capture(e);
                }

                _free.Writer.TryWrite(band.Buffer);
            }
        }
    }
}
