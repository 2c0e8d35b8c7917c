namespace Sightline.Generation;

/// <summary>
/// The rows of a search and their places in the decoder's batch. Pictures that are finished leave the batch, where the session can do without them:
/// the last takes the place of one that goes, and the others' steps are shorter.
/// </summary>
/// <param name="session">The decoder; all its rows belong to the search.</param>
/// <param name="rowsPerImage">Rows of a picture, which stay together.</param>
/// <param name="mayShrink">False where all rows are wanted to the end.</param>
internal sealed class ActiveRows(IDecoderSession session, int rowsPerImage, bool mayShrink)
{
    private readonly int[] _rowAt = [.. Enumerable.Range(0, session.Rows)];
    private readonly int[] _placeOf = [.. Enumerable.Range(0, session.Rows)];
    private readonly int[] _byPlace = new int[session.Rows];

    /// <summary>All rows, those that left included.</summary>
    public int Rows { get; } = session.Rows;

    /// <summary>The rows in the batch, by place.</summary>
    public ReadOnlySpan<int> Current => _rowAt.AsSpan(0, session.Rows);

    /// <summary>Where a row is that did not leave.</summary>
    public int PlaceOf(int row) => _placeOf[row];

    /// <summary>Feeds a token of each row, or at first what all rows begin with.</summary>
    /// <param name="promptIds">The start token and the prompt.</param>
    /// <param name="tokens">[rows].</param>
    /// <param name="logits">[places, vocabulary] or longer.</param>
    public void Step(int[] promptIds, ReadOnlySpan<int> tokens, Span<float> logits)
    {
        if (session.Length == 0)
        {
            session.Step(Enumerable.Repeat(promptIds, Rows).SelectMany(ids => ids).ToArray(), promptIds.Length, logits);
            return;
        }

        for (var place = 0; place < session.Rows; place++)
            _byPlace[place] = tokens[_rowAt[place]];
        session.Step(_byPlace.AsSpan(0, session.Rows), 1, logits);
    }

    /// <summary>Lets each row continue from another of its picture.</summary>
    /// <param name="sources">[rows].</param>
    public void Reorder(ReadOnlySpan<int> sources)
    {
        for (var place = 0; place < session.Rows; place++)
            _byPlace[place] = _placeOf[sources[_rowAt[place]]];
        session.Reorder(_byPlace.AsSpan(0, session.Rows));
    }

    /// <summary>Takes pictures out of the batch of which all rows are finished; the last ones stay.</summary>
    public void Shrink(Predicate<int> isFinished)
    {
        if (!mayShrink || session is not IShrinkableSession shrinkable)
            return;
        var kept = session.Rows;
        for (var place = 0; place < kept; place++)
            _byPlace[place] = place;
        for (var place = 0; place < kept;)
        {
            if (!AllFinished(place, isFinished))
            {
                place += rowsPerImage;
                continue;
            }

            kept -= rowsPerImage;
            _rowAt.AsSpan(kept, rowsPerImage).CopyTo(_rowAt.AsSpan(place));
            _byPlace.AsSpan(kept, rowsPerImage).CopyTo(_byPlace.AsSpan(place));
        }

        if (kept == session.Rows || kept == 0)
            return;
        for (var place = 0; place < kept; place++)
            _placeOf[_rowAt[place]] = place;
        shrinkable.Keep(_byPlace.AsSpan(0, kept));
    }

    private bool AllFinished(int place, Predicate<int> isFinished)
    {
        for (var i = place; i < place + rowsPerImage; i++)
        {
            if (!isFinished(_rowAt[i]))
                return false;
        }

        return true;
    }
}
