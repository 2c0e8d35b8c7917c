namespace Sightline.Generation;

/// <summary>A decoder that can go several tokens ahead and take them back.</summary>
internal interface ISpeculativeSession : IDecoderSession
{
    /// <summary>As <see cref="IDecoderSession.Step"/>, with the logits of the last <paramref name="positions"/> tokens, which have the bits of single steps.</summary>
    /// <param name="tokenIds">[rows, count], row-major.</param>
    /// <param name="count">New tokens per row.</param>
    /// <param name="positions">1 to <paramref name="count"/>.</param>
    /// <param name="logits">[rows, positions, vocabulary].</param>
    void Step(ReadOnlySpan<int> tokenIds, int count, int positions, Span<float> logits);

    /// <summary>Forgets all but the first <paramref name="length"/> tokens of every row.</summary>
    void Crop(int length);
}
