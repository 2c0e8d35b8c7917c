using System.Collections.Concurrent;
using System.Diagnostics;

namespace Sightline.Server.Benchmarks;

/// <summary>Clients that ask for captions one after the other, and what they saw.</summary>
internal sealed class GoodClients(Uri address, byte[] picture)
{
    private readonly ConcurrentBag<double> _milliseconds = [];
    private int _failed;

    public int Failed => _failed;

    public int Done => _milliseconds.Count;

    /// <summary>Asks until the time is up.</summary>
    /// <returns>How long it took until the last answer was there.</returns>
    public async Task<TimeSpan> RunAsync(int clients, TimeSpan duration)
    {
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = clients }) { BaseAddress = address };
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            while (clock.Elapsed < duration)
                await AskAsync(http);
        }));
        return clock.Elapsed;
    }

    public string Report(TimeSpan duration)
    {
        var sorted = _milliseconds.Order().ToArray();
        double At(double share) => sorted.Length == 0 ? double.NaN : sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];
        return $"{sorted.Length / duration.TotalSeconds:N1} a second, p50 {At(0.5):N1} ms, p95 {At(0.95):N1} ms, p99 {At(0.99):N1} ms, {Failed} failed of {sorted.Length + Failed}";
    }

    private async Task AskAsync(HttpClient http)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            using var content = new ByteArrayContent(picture);
            using var response = await http.PostAsync("/api/captions", content);
            var text = await response.Content.ReadAsStringAsync();
            if (response.IsSuccessStatusCode && text.Contains("\"text\":", StringComparison.Ordinal))
                _milliseconds.Add(clock.Elapsed.TotalMilliseconds);
            else
                Interlocked.Increment(ref _failed);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            Interlocked.Increment(ref _failed);
        }
    }
}
