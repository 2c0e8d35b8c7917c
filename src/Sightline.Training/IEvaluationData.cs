namespace Sightline.Training;

/// <summary>The evaluation examples, read in their own order.</summary>
public interface IEvaluationData
{
    /// <summary>Number of examples.</summary>
    int Count { get; }

    /// <summary>Every example once, in batches of <paramref name="batchSize"/>; the last may have fewer.</summary>
    IEnumerable<CaptionBatch> Read(int batchSize);
}
