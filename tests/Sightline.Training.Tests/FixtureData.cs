using Sightline.Checkpoints;
using Sightline.Tests;

namespace Sightline.Training.Tests;

/// <summary>Rows of training/dataset.safetensors in a given order.</summary>
internal sealed class FixtureData : ITrainingData, IEvaluationData
{
    private static readonly Lazy<(float[] Pixels, long[] Labels)> s_rows = new(() =>
    {
        using var file = SafetensorsFile.Open(Fixture.Path("training", "dataset.safetensors"));
        return (file.ReadSingles("pixel_values"), file.ReadInt64s("labels_masked"));
    });

    private const int PixelCount = 3 * 16 * 16;
    private const int LabelLength = 10;
    private readonly int[] _order;

    /// <param name="order">Row of each drawn example, epoch after epoch; begins again at its end.</param>
    /// <param name="count">Examples in an epoch.</param>
    public FixtureData(int[] order, int count)
    {
        _order = order;
        Count = count;
    }

    public int Count { get; }

    /// <summary>Replaces the batches that match, to bring errors into a run.</summary>
    public Func<int, int, CaptionBatch, CaptionBatch>? Change { get; init; }

    public IEnumerable<CaptionBatch> ReadEpoch(int epoch, int batchSize, int firstBatch)
    {
        for (var start = firstBatch * batchSize; start < Count; start += batchSize)
        {
            var rows = Enumerable.Range(start, Math.Min(batchSize, Count - start)).Select(i => _order[((epoch * Count) + i) % _order.Length]);
            var batch = Batch([.. rows]);
            yield return Change?.Invoke(epoch, start / batchSize, batch) ?? batch;
        }
    }

    /// <summary>The rows in the order of the draw.</summary>
    public int[] Rows() => _order;

    public IEnumerable<CaptionBatch> Read(int batchSize) => ReadEpoch(0, batchSize, 0);

    public static CaptionBatch Batch(int[] rows) => new()
    {
        PixelValues = rows.SelectMany(row => s_rows.Value.Pixels.AsSpan(row * PixelCount, PixelCount).ToArray()).ToArray(),
        ImageCount = rows.Length,
        Labels = rows.SelectMany(row => s_rows.Value.Labels.AsSpan(row * LabelLength, LabelLength).ToArray()).ToArray(),
        LabelLength = LabelLength,
        Ids = [.. rows.Select(row => $"row {row}")],
    };
}
