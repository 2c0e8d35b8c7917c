using System.Net;
using System.Text.Json.Nodes;
using Sightline.Checkpoints;
using Sightline.IO;

namespace Sightline.Hub;

/// <summary>What the hub's protocol offers for reading a model.</summary>
internal sealed class HubClient(HubOptions options) : IDisposable
{
    private const int MaxListBytes = 32 << 20;

    private readonly HubTransport _transport = new(options);

    public HubTransport Transport => _transport;

    /// <summary>Asks which commit a revision is and which files it has.</summary>
    /// <exception cref="HubException">There is none, or it cannot be told.</exception>
    public async Task<(string Commit, IReadOnlySet<string> Files)> ListAsync(HubModelName name, CancellationToken cancellationToken)
    {
        var path = $"api/models/{name.Repository}/revision/{Uri.EscapeDataString(name.Revision)}";
        for (var attempt = 1; ; attempt++)
        {
            using var response = await _transport.SendAsync(HttpMethod.Get, path, 0, HubTransport.Redirects.All, cancellationToken).ConfigureAwait(false);
            HubErrors.ThrowIfFailed(response, name, null, options);
            try
            {
                return Parse(name, await ReadListAsync(response, name, cancellationToken).ConfigureAwait(false));
            }
            catch (Exception e) when (HubTransport.IsBreak(e, cancellationToken))
            {
                if (attempt == HubTransport.MaxTries)
                    throw new HubException($"{name}: the list of files did not arrive ({HubTransport.Reason(e)}); try again.", e);
                await _transport.PauseAsync(attempt, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Asks for the size and the hash of a file.</summary>
    public async Task<HubFile> DescribeAsync(HubModelName name, string commit, string file, CancellationToken cancellationToken)
    {
        using var response = await _transport.SendAsync(HttpMethod.Head, FilePath(name, commit, file), 0, HubTransport.Redirects.UntilDescribed, cancellationToken).ConfigureAwait(false);
        HubErrors.ThrowIfFailed(response, name, file, options);
        return HubFile.Read(file, commit, response);
    }

    /// <summary>Asks for a file's content from a byte on. The answer may be all of the file, or status 416.</summary>
    public async Task<HttpResponseMessage> OpenAsync(HubModelName name, string commit, string file, long from, CancellationToken cancellationToken)
    {
        var response = await _transport.SendAsync(HttpMethod.Get, FilePath(name, commit, file), from, HubTransport.Redirects.All, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.RequestedRangeNotSatisfiable)
            HubErrors.ThrowIfFailed(response, name, file, options);
        return response;
    }

    public void Dispose() => _transport.Dispose();

    private static string FilePath(HubModelName name, string commit, string file) => $"{name.Repository}/resolve/{commit}/{Uri.EscapeDataString(file)}";

    private async Task<byte[]> ReadListAsync(HttpResponseMessage response, HubModelName name, CancellationToken cancellationToken)
    {
        using var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using var list = new MemoryStream();
        var buffer = new byte[1 << 16];
        while (await _transport.ReadAsync(body, buffer, cancellationToken).ConfigureAwait(false) is > 0 and var count)
        {
            list.Write(buffer, 0, count);
            if (list.Length > MaxListBytes)
                throw new HubException($"{name}: the hub's list of files is larger than {MaxListBytes >> 20} MiB; it was not read on.");
        }

        return list.ToArray();
    }

    private static (string Commit, IReadOnlySet<string> Files) Parse(HubModelName name, byte[] list)
    {
        JsonNode? json;
        try
        {
            json = JsonFile.Parse($"{name}: the hub's list of files", list);
        }
        catch (ConfigurationException e)
        {
            throw new HubException(e.Message + " Is HF_ENDPOINT a hub?", e);
        }

        if (json is not JsonObject info || !TryText(info["sha"], out var commit) || !HubModelName.IsCommit(commit) || info["siblings"] is not JsonArray siblings)
            throw new HubException($"{name}: the hub's list of files has no commit (sha) or no files (siblings); is HF_ENDPOINT a hub?");
        if (name.IsPinned && commit != name.Revision)
            throw new HubException($"{name}: the hub answered for commit {commit}; nothing was fetched.");
        var files = new HashSet<string>(StringComparer.Ordinal);
        foreach (var sibling in siblings)
        {
            if (sibling is not JsonObject entry || !TryText(entry["rfilename"], out var file))
                throw new HubException($"{name}: the hub's list of files has an entry without a name (rfilename); is HF_ENDPOINT a hub?");
            if (Climbs(file))
                throw new HubException($"{name}: lists a file {MessageText.Quote(file)}, which is outside its folder; nothing was fetched.");
            files.Add(file);
        }

        return (commit, files);
    }

    // What no git repository can hold, and nothing but an attack would list.
    private static bool Climbs(string file) =>
        file.Length == 0 || file[0] is '/' or '\\' || file.Contains('\0', StringComparison.Ordinal) || (file.Length > 1 && file[1] == ':') || file.Split('/', '\\').Any(part => part is "..");

    private static bool TryText(JsonNode? node, out string text)
    {
        text = "";
        return node is JsonValue value && value.TryGetValue(out text!);
    }
}
