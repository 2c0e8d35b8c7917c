namespace Sightline.Generation;

/// <summary>A decoder whose batch can lose pictures that are done.</summary>
internal interface IShrinkableSession : IDecoderSession
{
    /// <summary>Keeps some pictures: row r continues from what row <paramref name="sources"/>[r] has seen, and there are no others. Bits of what is left do not change.</summary>
    /// <param name="sources">All rows of each kept picture, together and in order, so that a picture either stays in its place or takes that of one before it which goes.</param>
    void Keep(ReadOnlySpan<int> sources);
}
