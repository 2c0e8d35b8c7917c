using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;

namespace Sightline.Server.Benchmarks;

/// <summary>Clients that send what a server must refuse. Each kind counts its answers; whatever is not 4xx is a fault.</summary>
internal sealed class HostileClients(Uri address, byte[] picture)
{
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, int>> _answers = new();
    private readonly ConcurrentDictionary<string, double> _slowest = new();

    public async Task RunAsync(TimeSpan duration, int aborts)
    {
        using var http = new HttpClient { BaseAddress = address };
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(
            RepeatAsync("truncated picture", () => PostAsync(http, picture[..(picture.Length / 2)], "image/png")),
            RepeatAsync("body of 50 MB", () => PostAsync(http, new byte[50_000_000], "image/png")),
            RepeatAsync("bomb (PNG of 60,000 × 60,000)", () => PostAsync(http, Bomb(), "image/png")),
            RepeatAsync("wrong type", () => PostAsync(http, "hello"u8.ToArray(), "text/plain")),
            RepeatAsync("unknown setting", () => PostAsync(http, picture, "image/png", "?penalty_alpha=1")),
            RepeatAsync("slow headers", () => SlowAsync("POST /api/captions HTTP/1.1\r\nHost: 127.0.0.1\r\nX:")),
            RepeatAsync("slow body", () => SlowAsync("POST /api/captions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\nabc")),
            AbortAsync(http, aborts, duration));

        async Task RepeatAsync(string kind, Func<Task<string>> ask)
        {
            while (clock.Elapsed < duration)
            {
                var start = clock.Elapsed;
                Count(kind, await ask());
                var took = (clock.Elapsed - start).TotalSeconds;
                _slowest.AddOrUpdate(kind, took, (_, old) => Math.Max(old, took));
                await Task.Delay(100);
            }
        }
    }

    public IEnumerable<string> Report() => _answers.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair =>
        $"{pair.Key}: {string.Join(", ", pair.Value.OrderBy(answer => answer.Key, StringComparer.Ordinal).Select(answer => $"{answer.Value} × {answer.Key}"))}{(_slowest.TryGetValue(pair.Key, out var seconds) ? $", slowest {seconds:N1} s" : "")}");

    private void Count(string kind, string answer) => _answers.GetOrAdd(kind, _ => new()).AddOrUpdate(answer, 1, (_, count) => count + 1);

    private static async Task<string> PostAsync(HttpClient http, byte[] bytes, string type, string query = "")
    {
        try
        {
            using var content = new ByteArrayContent(bytes);
            content.Headers.ContentType = new(type);
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/captions{query}") { Content = content };
            using var response = await http.SendAsync(request);
            return $"{(int)response.StatusCode}";
        }
        catch (HttpRequestException)
        {
            return "connection closed";
        }
    }

    private async Task<string> SlowAsync(string start)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port);
        await client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(start));
        using var reader = new StreamReader(client.GetStream());
        return (await reader.ReadLineAsync())?.Split(' ').ElementAtOrDefault(1) ?? "connection closed";
    }

    private async Task AbortAsync(HttpClient http, int aborts, TimeSpan duration)
    {
        for (var i = 0; i < aborts; i++)
        {
            using var leaving = new CancellationTokenSource(TimeSpan.FromMilliseconds(i % 30));
            try
            {
                using var content = new ByteArrayContent(picture);
                using var response = await http.PostAsync("/api/captions", content, leaving.Token);
                Count("aborted request", $"{(int)response.StatusCode} before it left");
            }
            catch (OperationCanceledException)
            {
                Count("aborted request", "left");
            }
            catch (HttpRequestException)
            {
                Count("aborted request", "connection closed");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(duration.TotalMilliseconds / aborts / 2));
        }
    }

    // A picture of 3.6 thousand million pixels by its header, in 57 bytes and a few.
    private static byte[] Bomb()
    {
        byte[] header = [.. "IHDR"u8, 0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60, 8, 2, 0, 0, 0];
        return [0x89, .. "PNG\r\n"u8, 0x1A, (byte)'\n', 0, 0, 0, 13, .. header, .. BigEndian(Crc32(header)), 0, 0, 0, 4, .. "IDAT"u8, 0, 0, 0, 0, .. BigEndian(Crc32([.. "IDAT"u8, 0, 0, 0, 0]))];
    }

    private static byte[] BigEndian(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];

    private static uint Crc32(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ (0xEDB88320 & (uint)-(int)(crc & 1));
        }

        return ~crc;
    }
}
