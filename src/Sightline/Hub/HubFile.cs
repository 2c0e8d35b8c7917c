using System.Globalization;
using System.Text.RegularExpressions;

namespace Sightline.Hub;

/// <summary>A file as the hub describes it before it is fetched.</summary>
/// <param name="Name">Its name in the repository.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ETag">The name of its content: a hash.</param>
internal sealed partial record HubFile(string Name, long Size, string ETag)
{
    private const long MaxSize = 1L << 40;
    private const long MaxSmallSize = IO.JsonFile.DefaultMaxBytes;
    private const string LinkedETag = "X-Linked-Etag";
    private const string LinkedSize = "X-Linked-Size";
    private const string RepositoryCommit = "X-Repo-Commit";

    /// <summary>Whether an answer says of itself what the file is, so that a redirect in it need not be followed.</summary>
    public static bool IsDescription(HttpResponseMessage response) => Header(response, LinkedETag) is not null || Header(response, "ETag") is not null;

    /// <summary>Reads the description out of the answer to a HEAD request.</summary>
    /// <param name="name">The file.</param>
    /// <param name="commit">The commit that was asked for.</param>
    /// <param name="response">The answer.</param>
    /// <exception cref="HubException">Something is missing, or cannot be meant.</exception>
    public static HubFile Read(string name, string commit, HttpResponseMessage response)
    {
        if (Header(response, RepositoryCommit) is { } answered && answered != commit)
            throw new HubException($"{name}: the hub answered for commit {Checkpoints.MessageText.Quote(answered)}, not for {commit}; nothing was fetched.");
        // W/"tag" and "tag"
        var tag = (Header(response, LinkedETag) ?? Header(response, "ETag"))?.TrimStart('W', '/').Trim('"');
        if (tag is null || !Tag().IsMatch(tag))
            throw new HubException($"{name}: the hub gives {(tag is null ? "no ETag" : $"the ETag {Checkpoints.MessageText.Quote(tag)}, which is none")}; is there a proxy that changes answers, or is HF_ENDPOINT no hub?");
        var length = Header(response, LinkedSize) ?? Header(response, "Content-Length");
        if (!long.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var size))
            throw new HubException($"{name}: the hub gives no size; is there a proxy that changes answers, or is HF_ENDPOINT no hub?");
        var limit = name.EndsWith(".json", StringComparison.Ordinal) || name.EndsWith(".txt", StringComparison.Ordinal) ? MaxSmallSize : MaxSize;
        return size <= limit ? new HubFile(name, size, tag) : throw new HubException($"{name}: the hub announces {size} bytes; at most {limit} are taken of such a file. Is this the right model?");
    }

    /// <summary>A header of the answer or of its content; null without it.</summary>
    public static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) || response.Content.Headers.TryGetValues(name, out values) ? values.First() : null;

    // It becomes the name of a file.
    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Tag();
}
