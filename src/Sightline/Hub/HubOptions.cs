using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Sightline.Hub;

/// <summary>Where models come from and where they are kept. The environment variables are those of Hugging Face's Python client.</summary>
public sealed partial record HubOptions
{
    private const string DefaultEndpoint = "https://huggingface.co";

    /// <summary>The hub's address, without a slash at its end. Default <c>https://huggingface.co</c>.</summary>
    public string Endpoint { get; init; } = DefaultEndpoint;

    /// <summary>Sent to the endpoint as a bearer token, and to no other host; null: none. Never part of a message or of <see cref="ToString"/>.</summary>
    public string? Token { get; init; }

    /// <summary>The folder of the cache, the same as Python's: default <c>~/.cache/huggingface/hub</c>.</summary>
    public string CacheFolder { get; init; } = Path.Combine(DefaultHome(_ => null), "hub");

    /// <summary>Use the cache alone; nothing is sent. Default false.</summary>
    public bool Offline { get; init; }

    /// <summary>Files that are fetched at the same time, 1 to 32. Default 4.</summary>
    public int Parallelism { get; init; } = 4;

    /// <summary>How long the hub may be silent before a request counts as failed. Default 30 seconds.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether snapshots link to blobs; null: as the file system allows, found out by trying. Without links the files themselves lie in the snapshot.</summary>
    public bool? UseSymbolicLinks { get; init; }

    /// <summary>The wait before the first repetition of a request; it doubles from one to the next.</summary>
    internal TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>
    /// The options that the environment gives: <c>HF_ENDPOINT</c>, <c>HF_TOKEN</c> or the token file (<c>HF_TOKEN_PATH</c>, else <c>HF_HOME/token</c>),
    /// <c>HF_HUB_CACHE</c> or <c>HF_HOME</c>, <c>HF_HUB_OFFLINE</c>, <c>HF_HUB_DOWNLOAD_TIMEOUT</c>, <c>HF_HUB_DISABLE_SYMLINKS</c>,
    /// <c>HF_HUB_DISABLE_IMPLICIT_TOKEN</c>, and their older names. Proxies (<c>HTTPS_PROXY</c>, <c>NO_PROXY</c>) are .NET's own.
    /// </summary>
    /// <exception cref="ConfigurationException">A value cannot be used.</exception>
    public static HubOptions FromEnvironment() => From(Environment.GetEnvironmentVariable);

    /// <summary>Throws if a value cannot be used.</summary>
    /// <exception cref="ConfigurationException">All faults in one line.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        if (!Uri.TryCreate(Endpoint, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0)
            faults.Add("the endpoint (HF_ENDPOINT) is no address such as https://huggingface.co");
        if (Token is { } token && (token.Length is 0 or > 4096 || token.AsSpan().ContainsAnyExceptInRange('!', '~')))
            faults.Add("the token (HF_TOKEN or the token file) is no token: it holds blanks or signs that no token has");
        if (CacheFolder.Length == 0)
            faults.Add("the cache's folder (HF_HUB_CACHE) is empty");
        if (Parallelism is < 1 or > 32)
            faults.Add($"Parallelism is {Parallelism}; 1 to 32 was expected");
        if (Timeout <= TimeSpan.Zero || Timeout > TimeSpan.FromDays(1))
            faults.Add("the time limit (HF_HUB_DOWNLOAD_TIMEOUT) is not between 0 and 86400 seconds");
        if (faults.Count > 0)
            throw new ConfigurationException($"hub options: {string.Join("; ", faults)}.");
    }

    internal static HubOptions From(Func<string, string?> variable)
    {
        var home = Get("HF_HOME") is { } set ? Expand(set, variable) : DefaultHome(variable);
        var options = new HubOptions
        {
            Endpoint = (Get("HF_ENDPOINT") ?? DefaultEndpoint).TrimEnd('/'),
            CacheFolder = (Get("HF_HUB_CACHE") ?? Get("HUGGINGFACE_HUB_CACHE")) is { } cache ? Expand(cache, variable) : Path.Combine(home, "hub"),
            Token = Clean(Get("HF_TOKEN") ?? Get("HUGGING_FACE_HUB_TOKEN"))
                ?? ReadToken(Get("HF_TOKEN_PATH") is { } path ? Expand(path, variable) : Path.Combine(home, "token")),
            Offline = IsTrue(Get("HF_HUB_OFFLINE") ?? Get("TRANSFORMERS_OFFLINE")),
            UseSymbolicLinks = IsTrue(Get("HF_HUB_DISABLE_SYMLINKS")) ? false : null,
        };
        if (IsTrue(Get("HF_HUB_DISABLE_IMPLICIT_TOKEN")))
            options = options with { Token = null };
        if (Get("HF_HUB_DOWNLOAD_TIMEOUT") is { } seconds)
            options = options with { Timeout = int.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? TimeSpan.FromSeconds(number) : TimeSpan.Zero };
        options.Validate();
        return options;

        string? Get(string name) => variable(name) is { Length: > 0 } value ? value : null;
    }

    // Left out of the text that a record gives of itself.
    private bool PrintMembers(StringBuilder text)
    {
        text.Append(CultureInfo.InvariantCulture, $"Endpoint = {Endpoint}, Token = {(Token is null ? "none" : "set")}, CacheFolder = {CacheFolder}, Offline = {Offline}, Parallelism = {Parallelism}, Timeout = {Timeout}");
        return true;
    }

    private static string DefaultHome(Func<string, string?> variable) => Path.Combine(
        variable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache : Path.Combine(UserFolder(variable), ".cache"), "huggingface");

    private static string UserFolder(Func<string, string?> variable) =>
        variable(OperatingSystem.IsWindows() ? "USERPROFILE" : "HOME") is { Length: > 0 } folder ? folder : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    // ~ and $NAME or ${NAME}, as Python's expanduser and expandvars; a name that is not set stays as it is.
    private static string Expand(string path, Func<string, string?> variable)
    {
        if (path is "~" || path.StartsWith("~/", StringComparison.Ordinal) || (OperatingSystem.IsWindows() && path.StartsWith(@"~\", StringComparison.Ordinal)))
            path = UserFolder(variable) + path[1..];
        return Variable().Replace(path, match => variable(match.Groups[1].Success ? match.Groups[1].Value : match.Groups[2].Value) ?? match.Value);
    }

    private static string? ReadToken(string path)
    {
        try
        {
            return File.Exists(path) ? Clean(Encoding.UTF8.GetString(IO.BoundedFile.ReadAllBytes(path, 1 << 16))) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // a token that nobody may read is none, as for the Python client
        }
    }

    private static string? Clean(string? token) => token?.Trim() is { Length: > 0 } clean ? clean : null;

    private static bool IsTrue(string? value) => value?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE";

    [GeneratedRegex(@"\$(?:\{(\w+)\}|(\w+))", RegexOptions.CultureInvariant)]
    private static partial Regex Variable();
}
