using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Sightline.Tests.Hub;

/// <summary>
/// A server that speaks the hub's protocol on two hosts of this computer: the hub itself (127.0.0.1) and the storage of large files to which it
/// redirects (localhost). It can be told to misbehave, down to the byte at which a connection breaks.
/// </summary>
internal sealed class HubServer : IDisposable
{
    private readonly TcpListener _hub = new(IPAddress.Loopback, 0);
    private readonly TcpListener _storage = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();

    public HubServer(string? folder = null)
    {
        foreach (var file in folder is null ? [] : Directory.GetFiles(folder))
            Files[Path.GetFileName(file)] = File.ReadAllBytes(file);
        foreach (var listener in new[] { _hub, _storage })
        {
            listener.Start();
            _ = AcceptAsync(listener);
        }
    }

    /// <summary>The address of the hub.</summary>
    public string Endpoint => $"http://127.0.0.1:{((IPEndPoint)_hub.LocalEndpoint).Port}";

    /// <summary>The address of the storage: another host, by name and by port.</summary>
    public string Storage => $"http://localhost:{((IPEndPoint)_storage.LocalEndpoint).Port}";

    public string Repository { get; init; } = "owner/model";

    public string Commit { get; set; } = "0123456789abcdef0123456789abcdef01234567";

    /// <summary>Branches and tags beside main.</summary>
    public Dictionary<string, string> References { get; } = [];

    /// <summary>What the repository holds.</summary>
    public ConcurrentDictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>Large files are in the storage.</summary>
    public Func<string, bool> IsLarge { get; set; } = name => name.EndsWith(".safetensors", StringComparison.Ordinal) || name.EndsWith(".bin", StringComparison.Ordinal) || name.EndsWith(".pt", StringComparison.Ordinal);

    /// <summary>Without this token, files are not given; null: to everyone.</summary>
    public string? Token { get; set; }

    /// <summary>Sees every request first; what it returns is the answer.</summary>
    public Func<HubRequest, HubAnswer?>? Intercept { get; set; }

    /// <summary>Sees every answer before it is sent, and may change it.</summary>
    public Func<HubRequest, HubAnswer, HubAnswer>? Alter { get; set; }

    /// <summary>Every request, in the order of arrival.</summary>
    public ConcurrentQueue<HubRequest> Requests { get; } = new();

    /// <summary>The bytes of bodies that were sent.</summary>
    public long BytesSent => Interlocked.Read(ref _bytesSent);

    private long _bytesSent;

    public static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>The hash that git gives a file.</summary>
    public static string GitSha1(byte[] content) => Convert.ToHexStringLower(CryptographicOperations.HashData(HashAlgorithmName.SHA1, [.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));

    public string ETag(string name) => IsLarge(name) ? Sha256(Files[name]) : GitSha1(Files[name]);

    public void Dispose()
    {
        _stop.Cancel();
        _hub.Dispose();
        _storage.Dispose();
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
                _ = ServeAsync(await listener.AcceptTcpClientAsync(_stop.Token), listener == _storage);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The server has ended.
        }
    }

    private async Task ServeAsync(TcpClient client, bool isStorage)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                if (await ReadAsync(stream) is not { } text)
                    return;
                var request = HubRequest.Parse(text, isStorage);
                Requests.Enqueue(request);
                var answer = Intercept?.Invoke(request) ?? (isStorage ? Stored(request) : Answer(request));
                await WriteAsync(stream, request, Alter?.Invoke(request, answer) ?? answer);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The client has gone.
            }
        }
    }

    private async Task<string?> ReadAsync(NetworkStream stream)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (!text.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            var count = await stream.ReadAsync(buffer, _stop.Token);
            if (count == 0)
                return null;
            text.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }

        return text.ToString();
    }

    private async Task WriteAsync(NetworkStream stream, HubRequest request, HubAnswer answer)
    {
        var head = new StringBuilder($"HTTP/1.1 {answer.Status} {(HttpStatusCode)answer.Status}\r\nConnection: close\r\n");
        foreach (var (name, value) in answer.Headers)
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        if (!answer.IsEndless && !answer.Headers.ContainsKey("Content-Length"))
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {answer.Body.Length}\r\n");
        head.Append("\r\n");
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head.ToString()), _stop.Token);
        if (request.Method == "HEAD")
            return;
        do
        {
            var body = answer.CutAfter is { } cut && cut < answer.Body.Length ? answer.Body.AsMemory(0, cut) : answer.Body;
            await stream.WriteAsync(body, _stop.Token);
            Interlocked.Add(ref _bytesSent, body.Length);
            await stream.FlushAsync(_stop.Token);
        }
        while (answer.IsEndless);
    }

    private HubAnswer Answer(HubRequest request)
    {
        var path = request.Path.Split('?')[0];
        var (list, file) = ($"/api/models/{Repository}/revision/", $"/{Repository}/resolve/");
        if (!path.StartsWith(list, StringComparison.Ordinal) && !path.StartsWith(file, StringComparison.Ordinal))
            return HubAnswer.Error(401, null, "Invalid username or password.");
        if (path.StartsWith(list, StringComparison.Ordinal))
            return Resolve(Uri.UnescapeDataString(path[list.Length..])) is { } commit ? List(commit) : HubAnswer.Error(404, "RevisionNotFound", $"Invalid rev id: {path[list.Length..]}");
        if (Token is not null && request.Header("Authorization") != $"Bearer {Token}")
            return HubAnswer.Error(401, "GatedRepo", $"Access to model {Repository} is restricted. You must be authenticated to access it.");
        var parts = path[file.Length..].Split('/', 2);
        if (Resolve(Uri.UnescapeDataString(parts[0])) is not { } revision)
            return HubAnswer.Error(404, "RevisionNotFound", "Invalid rev id");
        var name = Uri.UnescapeDataString(parts[1]);
        if (!Files.TryGetValue(name, out var content))
            return HubAnswer.Error(404, "EntryNotFound", "Entry not found");
        if (!IsLarge(name))
            return Content(request, content).With("ETag", $"\"{ETag(name)}\"").With("X-Repo-Commit", revision);
        return new HubAnswer(302)
            .With("Location", $"{Storage}/blobs/{Sha256(content)}?name={name}&signature=of-the-hub")
            .With("X-Repo-Commit", revision).With("X-Linked-Etag", $"\"{ETag(name)}\"").With("X-Linked-Size", content.Length.ToString(CultureInfo.InvariantCulture));
    }

    // The storage knows nothing of tokens; its addresses are signed.
    private HubAnswer Stored(HubRequest request) =>
        Files.Values.FirstOrDefault(content => request.Path.StartsWith($"/blobs/{Sha256(content)}?", StringComparison.Ordinal)) is { } content && request.Path.EndsWith("signature=of-the-hub", StringComparison.Ordinal)
            ? Content(request, content).With("ETag", "\"of-the-storage\"")
            : HubAnswer.Error(403, null, "AccessDenied");

    private static HubAnswer Content(HubRequest request, byte[] content)
    {
        if (request.RangeStart is not { } start)
            return new HubAnswer(200) { Body = content };
        return start >= content.Length
            ? new HubAnswer(416).With("Content-Range", $"bytes */{content.Length}")
            : new HubAnswer(206) { Body = content[start..] }.With("Content-Range", $"bytes {start}-{content.Length - 1}/{content.Length}");
    }

    private string? Resolve(string revision) =>
        revision == "main" || revision == Commit ? Commit : References.TryGetValue(revision, out var commit) ? commit : References.ContainsValue(revision) ? revision : null;

    private HubAnswer List(string commit) => HubAnswer.Json(new JsonObject
    {
        ["id"] = Repository,
        ["sha"] = commit,
        ["siblings"] = new JsonArray([.. Files.Keys.Order(StringComparer.Ordinal).Select(name => (JsonNode)new JsonObject { ["rfilename"] = name })]),
    });
}
