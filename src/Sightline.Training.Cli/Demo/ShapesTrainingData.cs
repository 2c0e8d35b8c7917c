using Sightline.Data.Sampling;
using Sightline.Data.Shapes;

namespace Sightline.Training.Cli.Demo;

/// <summary>
/// A caption a picture and epoch: in epoch e, picture i is told in the words of its caption (e + i) mod 5, so that five epochs tell it all.
/// </summary>
internal sealed class ShapesTrainingData : ITrainingData, IEvaluationData
{
    private readonly float[][] _pixelValues;
    private readonly long[][][] _labels; // [picture][caption][token]
    private readonly ShapesPicture[] _pictures;
    private readonly RandomSampler _sampler;

    public ShapesTrainingData(DemoData data, ShapesPicture[] pictures, long seed)
    {
        _pictures = pictures;
        _pixelValues = new float[pictures.Length][];
        _labels = new long[pictures.Length][][];
        data.Tokenizer.PrepareEncoding();
        Parallel.For(0, pictures.Length, i =>
        {
            _pixelValues[i] = data.PixelValues(pictures[i]);
            _labels[i] = [.. pictures[i].Captions.Select(data.Labels)];
        });
        _sampler = RandomSampler.ForTrainer(pictures.Length, (ulong)seed);
    }

    public int Count => _pictures.Length;

    public IEnumerable<CaptionBatch> ReadEpoch(int epoch, int batchSize, int firstBatch)
    {
        var order = _sampler.Epoch(epoch);
        for (var start = firstBatch * batchSize; start < order.Length; start += batchSize)
            yield return Batch(order.AsSpan(start, Math.Min(batchSize, order.Length - start)), epoch);
    }

    public IEnumerable<CaptionBatch> Read(int batchSize)
    {
        var order = Enumerable.Range(0, Count).ToArray();
        for (var start = 0; start < order.Length; start += batchSize)
            yield return Batch(order.AsSpan(start, Math.Min(batchSize, order.Length - start)), epoch: 0);
    }

    private CaptionBatch Batch(ReadOnlySpan<int> pictures, int epoch)
    {
        var captions = new long[pictures.Length][];
        for (var row = 0; row < captions.Length; row++)
            captions[row] = _labels[pictures[row]][(epoch + pictures[row]) % _labels[pictures[row]].Length];
        var (length, size) = (captions.Max(caption => caption.Length), _pixelValues[0].Length);
        var (labels, pixelValues) = (new long[captions.Length * length], new float[captions.Length * size]);
        Array.Fill(labels, CaptionBatch.IgnoredLabel);
        for (var row = 0; row < captions.Length; row++)
        {
            captions[row].CopyTo(labels, row * length);
            _pixelValues[pictures[row]].CopyTo(pixelValues, row * size);
        }

        return new CaptionBatch { PixelValues = pixelValues, ImageCount = captions.Length, Labels = labels, LabelLength = length, Ids = [.. pictures.ToArray().Select(i => _pictures[i].FileName)] };
    }
}
