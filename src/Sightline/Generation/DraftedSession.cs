using System.Runtime.InteropServices;

namespace Sightline.Generation;

/// <summary>
/// One sequence, decoded several tokens at a time: the next token goes through the decoder together with a guess of what follows, and where the caption
/// goes on as guessed, its logits are there already (speculative decoding, Leviathan et al. 2023, with a table instead of a small model). Reading the
/// weights is what a token costs, and they are read once for all. Logits have the bits that they have without, so a caption does not depend on guesses.
/// </summary>
/// <param name="session">The decoder, of one row; disposed with this.</param>
/// <param name="table">Gives the guesses.</param>
/// <param name="capacity">The longest the sequence can become.</param>
internal sealed class DraftedSession(ISpeculativeSession session, DraftTable table, int capacity) : IDecoderSession
{
    private readonly List<int> _tokens = new(capacity);
    private readonly ScoreBuffers _logits = new(1 + table.Most, session.VocabularySize);
    private readonly int[] _draft = new int[table.Most];
    private int _drafted; // tokens of the latest guess
    private int _right; // of which so many have come true

    public int Rows => 1;

    public int VocabularySize => session.VocabularySize;

    public int Length => _tokens.Count;

    public int MaxPositions => session.MaxPositions;

    /// <summary>Passes of the decoder so far.</summary>
    public int Passes { get; private set; }

    public void Step(ReadOnlySpan<int> tokenIds, int count, Span<float> logits)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(tokenIds.Length, count);
        if (count == 1 && _right < _drafted && tokenIds[0] == _draft[_right])
        {
            _tokens.Add(tokenIds[0]);
            _logits.Row(++_right).CopyTo(logits);
            return;
        }

        session.Crop(_tokens.Count);
        (_drafted, _right) = (0, 0);
        _tokens.AddRange(tokenIds);
        var room = count > 1 ? 0 : Math.Min(capacity, MaxPositions) - 1 - _tokens.Count; // not behind a prompt; the last token's logits are not needed
        var drafted = table.Propose(CollectionsMarshal.AsSpan(_tokens), _draft.AsSpan(0, Math.Clamp(room, 0, table.Most)));
        Passes++;
        if (drafted == 0)
        {
            session.Step(tokenIds, count, logits);
            return;
        }

        Span<int> input = stackalloc int[1 + drafted];
        input[0] = tokenIds[0];
        _draft.AsSpan(0, drafted).CopyTo(input[1..]);
        session.Step(input, 1 + drafted, 1 + drafted, _logits.Rows(0, 1 + drafted));
        _drafted = drafted;
        _logits.Row(0).CopyTo(logits);
    }

    /// <summary>There is nothing to reorder in one row.</summary>
    public void Reorder(ReadOnlySpan<int> sources)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(sources.Length, 1);
        ArgumentOutOfRangeException.ThrowIfNotEqual(sources[0], 0);
    }

    public void Dispose()
    {
        _logits.Dispose();
        session.Dispose();
    }
}
