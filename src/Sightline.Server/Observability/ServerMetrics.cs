using System.Diagnostics.Metrics;

namespace Sightline.Server.Observability;

/// <summary>What is counted: numbers about the work, never about its content.</summary>
internal sealed class ServerMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Sightline.Server";

    private readonly Meter _meter;
    private readonly Histogram<int> _batchSize;
    private readonly Histogram<double> _stage;
    private readonly Counter<long> _images;
    private readonly Counter<long> _rejections;

    public ServerMetrics(IMeterFactory factory)
    {
        _meter = factory.Create(MeterName);
        _batchSize = _meter.CreateHistogram(
            "sightline.batch.size", "{image}", "Pictures that went through the model together.", advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64] });
        _stage = _meter.CreateHistogram(
            "sightline.stage.duration", "s", "Time of one picture in a stage: decode, queue; of one batch: model.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] });
        _images = _meter.CreateCounter<long>("sightline.images", "{image}", "Pictures by what became of them: captioned, undecodable, cancelled, failed.");
        _rejections = _meter.CreateCounter<long>("sightline.rejections", "{request}", "Requests turned away, by reason.");
    }

    public void ObserveQueue(Func<int> length) =>
        _meter.CreateObservableGauge("sightline.queue.length", length, "{image}", "Pictures accepted and not finished.");

    public void Batch(int size, TimeSpan elapsed)
    {
        _batchSize.Record(size);
        Stage("model", elapsed);
    }

    public void Stage(string stage, TimeSpan elapsed) => _stage.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("stage", stage));

    public void Image(string outcome) => _images.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void Reject(string reason) => _rejections.Add(1, new KeyValuePair<string, object?>("reason", reason));
}
