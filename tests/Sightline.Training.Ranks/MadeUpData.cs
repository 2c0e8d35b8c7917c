using Sightline.Training.Distributed;
using Sightline.Training.Modeling;

namespace Sightline.Training.Ranks;

/// <summary>Batches that follow from their number. Rows have different lengths, so that ranks weigh differently.</summary>
public sealed class MadeUpData(TrainableModel model, ICollective ranks) : ITrainingData
{
    private const int LabelLength = 6;

    public int Count => TrainingJob.Examples;

    public IEnumerable<CaptionBatch> ReadEpoch(int epoch, int batchSize, int firstBatch)
    {
        for (var i = firstBatch; i < Count / (batchSize * ranks.WorldSize); i++)
            yield return Make(epoch, (i * ranks.WorldSize) + ranks.Rank, batchSize);
    }

    private CaptionBatch Make(int epoch, int number, int rows)
    {
        var random = new Random((epoch * 1000) + number);
        var size = 3 * model.Config.Encoder.ImageSize * model.Config.Encoder.ImageSize;
        var pixels = new float[rows * size];
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = (random.NextSingle() * 2) - 1;
        var labels = new long[rows * LabelLength];
        for (var i = 0; i < labels.Length; i++)
            labels[i] = i % LabelLength > 1 + ((number + (i / LabelLength)) % 5) ? CaptionBatch.IgnoredLabel : random.Next(model.Config.Decoder.VocabSize);
        return new CaptionBatch { PixelValues = pixels, ImageCount = rows, Labels = labels, LabelLength = LabelLength };
    }
}
