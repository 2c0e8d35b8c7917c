using Sightline.Training.Modeling;

namespace Sightline.Training.Benchmarks;

/// <summary>Pictures of noise with captions of random tokens: times do not depend on what they show.</summary>
internal static class RandomBatch
{
    /// <summary>Makes one; always the same.</summary>
    /// <param name="model">Gives the picture size and the vocabulary.</param>
    /// <param name="pictures">Pictures.</param>
    /// <param name="captionsEach">Captions of each picture, one after the other.</param>
    /// <param name="tokens">Labels of each caption.</param>
    public static CaptionBatch Make(TrainableModel model, int pictures, int captionsEach, int tokens)
    {
        var random = new Random(1);
        var size = model.Config.Encoder.ImageSize;
        var pixelValues = new float[pictures * 3 * size * size];
        for (var i = 0; i < pixelValues.Length; i++)
            pixelValues[i] = (random.NextSingle() * 2) - 1;
        var labels = new long[pictures * captionsEach * tokens];
        for (var i = 0; i < labels.Length; i++)
            labels[i] = random.Next(model.Config.Decoder.VocabSize);
        var index = Enumerable.Range(0, pictures * captionsEach).Select(row => (long)(row / captionsEach)).ToArray();
        return new CaptionBatch { PixelValues = pixelValues, ImageCount = pictures, Labels = labels, LabelLength = tokens, ImageIndex = captionsEach == 1 ? (ReadOnlyMemory<long>?)null : index };
    }
}
