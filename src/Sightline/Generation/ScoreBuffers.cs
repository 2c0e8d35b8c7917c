using System.Buffers;

namespace Sightline.Generation;

/// <summary>
/// The scores of a step: 400 KB for a row, megabytes for a batch. The shared pool lends the memory until this is disposed, since fresh pages for every
/// caption would cost hundreds of microseconds.
/// </summary>
/// <param name="rows">Sequences.</param>
/// <param name="vocabulary">Scores of each.</param>
internal sealed class ScoreBuffers(int rows, int vocabulary) : IDisposable
{
    private float[]? _scores = ArrayPool<float>.Shared.Rent(checked((rows + 1) * vocabulary));

    /// <summary>[rows, vocabulary].</summary>
    public Span<float> All => Rows(0, rows);

    /// <summary>[vocabulary], for what a row needs in passing.</summary>
    public Span<float> Scratch => Rows(rows, 1);

    /// <summary>[vocabulary] of one row.</summary>
    public Span<float> Row(int row) => Rows(row, 1);

    /// <summary>[count, vocabulary] of some rows.</summary>
    public Span<float> Rows(int first, int count)
    {
        ObjectDisposedException.ThrowIf(_scores is null, this);
        return _scores.AsSpan(first * vocabulary, count * vocabulary);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _scores, null) is { } scores)
            ArrayPool<float>.Shared.Return(scores);
    }
}
