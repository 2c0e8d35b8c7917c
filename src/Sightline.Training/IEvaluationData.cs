namespace Sightline.Training;

/// <summary>The evaluation examples, read in their own order. Where several ranks evaluate together, each reads whole batches in turn (4.17's <c>ShardSampler</c>).</summary>
public interface IEvaluationData
{
    /// <summary>Number of examples of all ranks.</summary>
    int Count { get; }

    /// <summary>
    /// Every example once, in batches of <paramref name="batchSize"/>; the last may have fewer. Of several ranks, each has as many batches, all of them full: the last are
    /// filled up from the beginning.
    /// </summary>
    IEnumerable<CaptionBatch> Read(int batchSize);
}
