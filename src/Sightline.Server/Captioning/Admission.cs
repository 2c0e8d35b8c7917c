using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;
using Sightline.Server.Configuration;
using Sightline.Server.Errors;
using Sightline.Server.Observability;

namespace Sightline.Server.Captioning;

/// <summary>Counts the pictures that are accepted and not finished, and turns away what would be too many.</summary>
internal sealed class Admission : IDisposable
{
    private readonly ConcurrencyLimiter _limiter;
    private readonly ServerMetrics _metrics;
    private readonly int _limit;
    private double _secondsPerImage = 0.5; // running mean, for Retry-After

    public Admission(IOptions<ServerOptions> options, ServerMetrics metrics)
    {
        _limit = options.Value.MaxQueue;
        _limiter = new ConcurrencyLimiter(new ConcurrencyLimiterOptions { PermitLimit = _limit, QueueLimit = 0 });
        _metrics = metrics;
        metrics.ObserveQueue(() => Count);
    }

    /// <summary>Pictures accepted and not finished.</summary>
    public int Count => _limit - (int)(_limiter.GetStatistics()?.CurrentAvailablePermits ?? _limit);

    /// <summary>How long a client that was turned away should wait: until the pictures before it are likely done.</summary>
    public TimeSpan RetryAfter => TimeSpan.FromSeconds(Math.Clamp(Math.Ceiling(Count * Volatile.Read(ref _secondsPerImage)), 1, 60));

    /// <summary>Accepts pictures; dispose the lease when they are finished.</summary>
    /// <exception cref="ApiException">429: too many are waiting.</exception>
    public RateLimitLease Admit(int images)
    {
        var lease = _limiter.AttemptAcquire(images);
        if (lease.IsAcquired)
            return lease;
        lease.Dispose();
        _metrics.Reject("queue_full");
        throw new ApiException(429, $"The server is busy: {Count} pictures are waiting, at most {_limit} may. Try again in {RetryAfter.TotalSeconds:0} s.") { RetryAfter = RetryAfter };
    }

    /// <summary>Notes how long pictures take.</summary>
    public void Note(double secondsPerImage) => Volatile.Write(ref _secondsPerImage, (0.9 * _secondsPerImage) + (0.1 * secondsPerImage));

    public void Dispose() => _limiter.Dispose();
}
