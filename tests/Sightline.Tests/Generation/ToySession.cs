using Sightline.Generation;
using Xunit;

namespace Sightline.Tests.Generation;

/// <summary>
/// A decoder whose logits are a hash of the picture and of everything the row has seen. It keeps each row's history itself and follows
/// <see cref="Reorder"/>, so a wrong reordering changes the results. <see cref="Logits"/> is the same function without a session.
/// </summary>
internal sealed class ToySession(int[] pictures, int rowsPerImage, int vocabularySize = 6, int maxPositions = 64) : IDecoderSession
{
    private int[] _histories = new int[pictures.Length * rowsPerImage * maxPositions]; // [rows, positions]
    private int[] _spare = new int[pictures.Length * rowsPerImage * maxPositions];

    public int Rows { get; } = pictures.Length * rowsPerImage;

    public int VocabularySize { get; } = vocabularySize;

    public int Length { get; private set; }

    public int MaxPositions { get; } = maxPositions;

    /// <summary>How often rows were really moved.</summary>
    public int Moves { get; private set; }

    public bool IsDisposed { get; private set; }

    public static void Logits(int picture, ReadOnlySpan<int> history, Span<float> logits)
    {
        var state = Mix((ulong)picture + 0x1234_5678_9ABC_DEF0);
        foreach (var token in history)
            state = Mix(state ^ (ulong)(token + 1));
        for (var token = 0; token < logits.Length; token++)
            logits[token] = (float)((Mix(state + (ulong)token * 7919) >> 40) / (double)(1 << 24) * 6 - 3);
    }

    public void Step(ReadOnlySpan<int> tokenIds, int count, Span<float> logits)
    {
        if (IsDisposed || Length + count > MaxPositions)
            Assert.Fail("fed after the end");
        for (var row = 0; row < Rows; row++)
        {
            tokenIds.Slice(row * count, count).CopyTo(_histories.AsSpan(row * MaxPositions + Length));
            Logits(pictures[row / rowsPerImage], _histories.AsSpan(row * MaxPositions, Length + count), logits.Slice(row * VocabularySize, VocabularySize));
        }

        Length += count;
    }

    public void Reorder(ReadOnlySpan<int> sources)
    {
        for (var row = 0; row < Rows; row++)
        {
            if (row / rowsPerImage != sources[row] / rowsPerImage)
                Assert.Fail($"row {row} goes on from row {sources[row]} of another picture");
            _histories.AsSpan(sources[row] * MaxPositions, Length).CopyTo(_spare.AsSpan(row * MaxPositions));
            Moves += sources[row] == row ? 0 : 1;
        }

        (_histories, _spare) = (_spare, _histories);
    }

    public void Dispose() => IsDisposed = true;

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }
}
