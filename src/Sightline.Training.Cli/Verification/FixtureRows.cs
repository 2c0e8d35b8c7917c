using Sightline.Checkpoints;

namespace Sightline.Training.Cli.Verification;

/// <summary>Rows of <c>training/dataset.safetensors</c> in a given order.</summary>
/// <param name="pixels">[rows, 3, 16, 16].</param>
/// <param name="labels">[rows, <paramref name="labelLength"/>].</param>
/// <param name="labelLength">Labels a row.</param>
/// <param name="order">The row of each drawn example, epoch after epoch; begins again at its end.</param>
/// <param name="count">Examples in an epoch.</param>
internal sealed class FixtureRows(float[] pixels, long[] labels, int labelLength, int[] order, int count) : ITrainingData, IEvaluationData
{
    private readonly int _pixelCount = pixels.Length / (labels.Length / labelLength);

    public int Count => count;

    /// <summary>The data of a case: rows to train on in the order drawn, and all others to evaluate on.</summary>
    public static (FixtureRows Training, FixtureRows Evaluation) Load(string folder, int[] order, int trainingRows)
    {
        using var file = SafetensorsFile.Open(Path.Combine(folder, "dataset.safetensors"));
        var (pixels, labels) = (file.ReadSingles("pixel_values"), file.ReadInt64s("labels_masked"));
        var shape = file.Find("labels_masked").Shape;
        var (rows, length) = ((int)shape[0], (int)shape[1]);
        const int Split = 42; // training/manifest.json: rows 0..41 train, the others evaluation
        var evaluation = Enumerable.Range(Split, rows - Split).ToArray();
        return (new FixtureRows(pixels, labels, length, order, trainingRows), new FixtureRows(pixels, labels, length, evaluation, evaluation.Length));
    }

    public IEnumerable<CaptionBatch> ReadEpoch(int epoch, int batchSize, int firstBatch)
    {
        for (var start = firstBatch * batchSize; start < count; start += batchSize)
            yield return Batch([.. Enumerable.Range(start, Math.Min(batchSize, count - start)).Select(i => order[((epoch * count) + i) % order.Length])]);
    }

    public IEnumerable<CaptionBatch> Read(int batchSize) => ReadEpoch(0, batchSize, 0);

    private CaptionBatch Batch(int[] rows) => new()
    {
        PixelValues = rows.SelectMany(row => pixels.AsSpan(row * _pixelCount, _pixelCount).ToArray()).ToArray(),
        ImageCount = rows.Length,
        Labels = rows.SelectMany(row => labels.AsSpan(row * labelLength, labelLength).ToArray()).ToArray(),
        LabelLength = labelLength,
        Ids = [.. rows.Select(row => $"row {row}")],
    };
}
