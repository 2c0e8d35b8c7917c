namespace Sightline.Generation;

/// <summary>
/// One decoding run over a fixed number of rows (pictures × beams, or pictures × returned sequences): what generation needs of a model.
/// </summary>
public interface IDecoderSession : IDisposable
{
    /// <summary>Number of sequences that are decoded side by side.</summary>
    int Rows { get; }

    /// <summary>Width of the logits.</summary>
    int VocabularySize { get; }

    /// <summary>Positions processed so far.</summary>
    int Length { get; }

    /// <summary>The most positions the model has embeddings for (HF <c>n_positions</c>).</summary>
    int MaxPositions { get; }

    /// <summary>Feeds new tokens for every row, appends them to the key/value cache and gives the logits of the last position.</summary>
    /// <param name="tokenIds">[rows, count], row-major.</param>
    /// <param name="count">New tokens per row; at least 1.</param>
    /// <param name="logits">[rows, vocabulary], unnormalised.</param>
    void Step(ReadOnlySpan<int> tokenIds, int count, Span<float> logits);

    /// <summary>Lets row r continue from what row <paramref name="sources"/>[r] has seen (beam reordering).</summary>
    void Reorder(ReadOnlySpan<int> sources);
}
