using System.Diagnostics;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Sightline.Generation;
using Sightline.Imaging;
using Sightline.Server.Configuration;
using Sightline.Server.Errors;

namespace Sightline.Server.Captioning;

/// <summary>The one model in memory: loaded in the background, ready after a first caption of a grey picture, gone when the server stops.</summary>
internal sealed class ServedModel(IOptions<ServerOptions> options) : IHealthCheck, IDisposable
{
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly TaskCompletionSource<Captioner> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What the APIs call the model.</summary>
    public string Name { get; } = options.Value.ModelName;

    /// <summary>When the model was ready.</summary>
    public DateTimeOffset Created { get; private set; } = DateTimeOffset.UtcNow;

    /// <summary>The model, or null while it loads.</summary>
    public Captioner? Captioner => _ready.Task.IsCompletedSuccessfully ? _ready.Task.Result : null;

    /// <summary>The model.</summary>
    /// <exception cref="ApiException">503: it is not loaded yet.</exception>
    public Captioner Ready => Captioner ?? throw new ApiException(503, $"The model {Name} is loading; try again shortly.") { RetryAfter = TimeSpan.FromSeconds(2), Code = "model_loading" };

    /// <summary>Completes when the model is ready.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _ready.Task.WaitAsync(cancellationToken);

    /// <summary>Loads the model and captions a grey picture, so that the first real caption is fast.</summary>
    public TimeSpan Load(CancellationToken cancellationToken)
    {
        var settings = options.Value;
        var captioner = Sightline.Captioner.Load(settings.Model, new CaptionerOptions
        {
            Threads = settings.Threads,
            DType = settings.WeightFormat,
            DraftTokens = settings.DraftTokens,
            ImageDecoding = new ImageDecodeOptions { MaxPixels = settings.MaxPixels, MaxBytes = settings.MaxBodyBytes },
        });
        WarmUp(captioner, cancellationToken);
        Created = DateTimeOffset.UtcNow;
        _ready.SetResult(captioner);
        return Stopwatch.GetElapsedTime(_started);
    }

    /// <summary>Captions a grey picture. If that fails, the captioner is disposed: nobody else would.</summary>
    public static void WarmUp(Captioner captioner, CancellationToken cancellationToken)
    {
        var size = captioner.Model.Config.Encoder.ImageSize;
        var grey = new PreparedImage("warm-up", size, size, new float[3 * size * size]);
        try
        {
            captioner.Describe([grey], new GenerationOptions { MaxLength = 4, NumBeams = 1, NumReturnSequences = 1 }, cancellationToken);
        }
        catch
        {
            captioner.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(Captioner is null ? HealthCheckResult.Unhealthy("The model is loading.") : HealthCheckResult.Healthy());

    public void Dispose() => Captioner?.Dispose();
}
