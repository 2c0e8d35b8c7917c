namespace Sightline.Training;

/// <summary>The training examples, read in the order of each epoch. Where several ranks train together, each reads its own share, equal for all.</summary>
public interface ITrainingData
{
    /// <summary>Number of examples of all ranks: captions, or pictures where captions are grouped by picture.</summary>
    int Count { get; }

    /// <summary>
    /// This rank's batches of one epoch, from batch <paramref name="firstBatch"/> on. The same arguments always give the same batches: resuming depends on it.
    /// </summary>
    /// <param name="epoch">0-based.</param>
    /// <param name="batchSize">Examples in a batch; the last one may have fewer.</param>
    /// <param name="firstBatch">Batches to pass over without reading them.</param>
    IEnumerable<CaptionBatch> ReadEpoch(int epoch, int batchSize, int firstBatch);
}
