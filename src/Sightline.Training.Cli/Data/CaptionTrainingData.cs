using Sightline.Data;
using Sightline.Data.Pipeline;
using Sightline.Data.Sampling;
using Sightline.Training.Distributed;

namespace Sightline.Training.Cli.Data;

/// <summary>
/// A caption file and its pictures as the trainer reads them. An example is a caption, or with <c>group_captions</c> a picture with all its captions.
/// Batches are decoded and converted on other threads ahead of the training step.
/// </summary>
internal sealed class CaptionTrainingData : ITrainingData, IEvaluationData
{
    private readonly CaptionDataset _dataset;
    private readonly IPixelSource _pixels;
    private readonly PixelTable _table;
    private readonly long[][] _labels; // [caption][token]
    private readonly int[][] _examples; // [example][captions]
    private readonly int? _labelLength;
    private readonly bool _group;
    private readonly RandomSampler _sampler;
    private readonly ulong _seed;
    private readonly ICollective _ranks;

    /// <param name="dataset">The captions.</param>
    /// <param name="pixels">The pictures of <paramref name="dataset"/>.</param>
    /// <param name="table">Bytes to pixel values.</param>
    /// <param name="labels">The label ids of each caption.</param>
    /// <param name="arguments">Seed, grouping, and whether rows are filled up to <c>label_max_length</c>: where the loss counts padding.</param>
    /// <param name="shuffle">Whose order is reproduced.</param>
    /// <param name="ranks">The processes that share the examples; null: this one alone.</param>
    public CaptionTrainingData(
        CaptionDataset dataset, IPixelSource pixels, PixelTable table, long[][] labels, TrainingArguments arguments, ShuffleOrder shuffle = ShuffleOrder.Torch110,
        ICollective? ranks = null)
    {
        (_ranks, _seed) = (ranks ?? new LocalCollective(), (ulong)arguments.Seed);
        (_dataset, _pixels, _table, _labels, _group) = (dataset, pixels, table, labels, arguments.GroupCaptions);
        _labelLength = arguments.Loss == LossKind.Pad ? arguments.LabelMaxLength : null;
        _examples = _group
            ? [.. dataset.ExamplesByImage().Where(captions => captions.Count > 0).Select(captions => captions.ToArray())]
            : [.. Enumerable.Range(0, dataset.Examples.Count).Select(i => new[] { i })];
        _sampler = RandomSampler.ForTrainer(Math.Max(1, _examples.Length), (ulong)arguments.Seed, shuffle);
    }

    /// <inheritdoc cref="ITrainingData.Count"/>
    public int Count => _examples.Length;

    /// <inheritdoc/>
    public IEnumerable<CaptionBatch> ReadEpoch(int epoch, int batchSize, int firstBatch)
    {
        var order = _ranks.WorldSize == 1 ? _sampler.Epoch(epoch) : DistributedSampler.Epoch(Count, _ranks.WorldSize, _ranks.Rank, _seed, epoch);
        var count = (order.Length + batchSize - 1) / batchSize;
        return Prefetcher.Run(
            Enumerable.Range(firstBatch, Math.Max(0, count - firstBatch)),
            number => Make([.. order[(number * batchSize)..Math.Min(order.Length, (number + 1) * batchSize)].SelectMany(example => _examples[example])], _group),
            new PrefetchOptions());
    }

    /// <inheritdoc/>
    public IEnumerable<CaptionBatch> Read(int batchSize) =>
        // Without dropout a picture gives the same states for all its captions, so that it is encoded once.
        Prefetcher.Run(EvaluationOrder(batchSize).Chunk(batchSize), captions => Make(captions, share: true), new PrefetchOptions());

    private IEnumerable<int> EvaluationOrder(int batchSize) => _ranks.WorldSize == 1 || _labels.Length == 0
        ? Enumerable.Range(0, _labels.Length)
        : DistributedSampler.Shard(_labels.Length, _ranks.WorldSize, _ranks.Rank, batchSize);

    /// <summary>Pictures without captions, in batches, decoded and converted ahead.</summary>
    /// <param name="images">Positions in the data set.</param>
    /// <param name="batchSize">Pictures in a batch; the last may have fewer.</param>
    /// <returns>The positions of each batch, and pixel values [pictures, channels, height, width].</returns>
    public IEnumerable<(int[] Images, float[] PixelValues)> ReadPictures(IReadOnlyList<int> images, int batchSize) =>
        Prefetcher.Run(images.Chunk(batchSize), chunk => (chunk, ReadPixels(chunk)), new PrefetchOptions());

    private CaptionBatch Make(int[] captions, bool share)
    {
        var images = new List<int>(captions.Length);
        var index = new long[captions.Length];
        for (var row = 0; row < captions.Length; row++)
        {
            var image = _dataset.Examples[captions[row]].Image;
            index[row] = share ? images.IndexOf(image) : -1;
            if (index[row] >= 0)
                continue;
            index[row] = images.Count;
            images.Add(image);
        }

        var length = _labelLength ?? captions.Max(caption => _labels[caption].Length);
        var labels = new long[captions.Length * length];
        Array.Fill(labels, CaptionBatch.IgnoredLabel);
        for (var row = 0; row < captions.Length; row++)
            _labels[captions[row]].CopyTo(labels, row * length);
        return new CaptionBatch
        {
            PixelValues = ReadPixels(images),
            ImageCount = images.Count,
            Labels = labels,
            LabelLength = length,
            ImageIndex = share ? index : (ReadOnlyMemory<long>?)null,
            Ids = [.. captions.Select(caption => $"{_dataset.Examples[caption].Id}")],
        };
    }

    private float[] ReadPixels(IReadOnlyList<int> images)
    {
        var size = 3 * _pixels.Width * _pixels.Height;
        var bytes = new byte[size];
        var values = new float[images.Count * size];
        for (var i = 0; i < images.Count; i++)
        {
            _pixels.Read(images[i], bytes);
            _table.Convert(bytes, values.AsSpan(i * size, size));
        }

        return values;
    }
}
