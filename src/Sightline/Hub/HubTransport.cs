using System.Net;
using System.Net.Http.Headers;

namespace Sightline.Hub;

/// <summary>
/// Sends requests to the hub: redirects are followed by hand, so that the token goes to the endpoint alone; what may pass (a server that is busy, a
/// connection that breaks) is tried again.
/// </summary>
internal sealed class HubTransport : IDisposable
{
    private const int MaxRedirects = 10;
    private const int MaxConnects = 2;
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMinutes(2);
    private static readonly string s_userAgent = $"sightline/{typeof(HubTransport).Assembly.GetName().Version?.ToString(3)}";

    private readonly HubOptions _options;
    private readonly Uri _endpoint;
    private readonly HttpClient _client;

    public HubTransport(HubOptions options)
    {
        _options = options;
        _endpoint = new Uri(options.Endpoint);
        _client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            ConnectTimeout = options.Timeout,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan, // each step has its own
        };
    }

    /// <summary>How often a request is sent before it counts as failed.</summary>
    public const int MaxTries = 5;

    /// <summary>Where a redirect ends for <see cref="SendAsync"/>.</summary>
    public enum Redirects
    {
        /// <summary>At the file.</summary>
        All,

        /// <summary>At the first answer of the hub that describes the file: what is on other hosts is not asked.</summary>
        UntilDescribed,
    }

    /// <summary>Sends a request until there is an answer that is no passing failure.</summary>
    /// <param name="method">GET or HEAD.</param>
    /// <param name="path">The path below the endpoint, escaped.</param>
    /// <param name="from">The first byte to get; 0: all of it, and no range is named.</param>
    /// <param name="redirects">How far redirects are followed.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>The answer, its body not yet read; any status but a redirect to follow.</returns>
    /// <exception cref="HubException">No answer.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, long from, Redirects redirects, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            HttpResponseMessage response;
            try
            {
                response = await FollowAsync(method, path, from, redirects, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (IsBreak(e, cancellationToken))
            {
                if (attempt >= (IsUnreachable(e) ? MaxConnects : MaxTries))
                    throw new HubException($"{(e as BrokenConnectionException)?.Host ?? _endpoint.Authority}: cannot be reached ({Reason(e)}); check the network, proxies and HF_ENDPOINT.", e);
                await PauseAsync(attempt, cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (attempt == MaxTries || !IsPassing(response.StatusCode) || RetryAfter(response) > s_longestWait)
                return response;
            var wait = RetryAfter(response);
            response.Dispose();
            if (wait is { } time)
                await Task.Delay(time, cancellationToken).ConfigureAwait(false);
            else
                await PauseAsync(attempt, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits before the next try: longer from one to the next.</summary>
    public Task PauseAsync(int attempt, CancellationToken cancellationToken) => Task.Delay(_options.RetryDelay * (1 << Math.Min(attempt - 1, 5)), cancellationToken);

    /// <summary>Reads the next bytes of a body; a server that is silent for too long counts as a broken connection.</summary>
    public async Task<int> ReadAsync(Stream body, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(_options.Timeout);
        return await body.ReadAsync(buffer, patience.Token).ConfigureAwait(false);
    }

    /// <summary>Whether an error is a broken connection or a silent server, and not a wish to stop.</summary>
    public static bool IsBreak(Exception e, CancellationToken cancellationToken) =>
        e is HttpRequestException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested;

    /// <summary>A broken connection in few words.</summary>
    public static string Reason(Exception e) => e switch
    {
        BrokenConnectionException { InnerException: { } inner } => Reason(inner),
        OperationCanceledException => "no answer in time",
        { InnerException: { } inner } when e is HttpRequestException && inner is not OperationCanceledException => Checkpoints.MessageText.Clean(inner.Message, 200).TrimEnd('.'),
        _ => Checkpoints.MessageText.Clean(e.Message, 200).TrimEnd('.'),
    };

    /// <summary>How long a server asks to wait; null if it does not.</summary>
    public static TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - DateTimeOffset.UtcNow is var wait && wait > TimeSpan.Zero ? wait : TimeSpan.Zero,
        _ => null,
    };

    public void Dispose() => _client.Dispose();

    private static bool IsPassing(HttpStatusCode status) => status is
        HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or HttpStatusCode.InternalServerError or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    // Nobody is there, or not who should be: that does not pass in seconds.
    private static bool IsUnreachable(Exception e) => e.InnerException is HttpRequestException
    {
        HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError,
    };

    private async Task<HttpResponseMessage> FollowAsync(HttpMethod method, string path, long from, Redirects redirects, CancellationToken cancellationToken)
    {
        var address = new Uri($"{_options.Endpoint}/{path}");
        var isHub = true; // once another host has taken over, the token stays at home even if it sends us back
        for (var i = 0; i <= MaxRedirects; i++)
        {
            using var request = new HttpRequestMessage(method, address);
            request.Headers.TryAddWithoutValidation("User-Agent", s_userAgent);
            request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity"); // sizes and hashes are those of the file
            if (isHub && _options.Token is { } token)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            if (from > 0)
                request.Headers.Range = new RangeHeaderValue(from, null);
            HttpResponseMessage response;
            try
            {
                response = await AnswerAsync(request, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (IsBreak(e, cancellationToken))
            {
                throw new BrokenConnectionException(address.Authority, e);
            }

            if (Target(response, address) is not { } target || (redirects == Redirects.UntilDescribed && HubFile.IsDescription(response) && !IsSameHost(address, target)))
                return response;
            response.Dispose();
            if (target.Scheme is not ("http" or "https") || (address.Scheme == "https" && target.Scheme == "http"))
                throw new HubException($"{address.Host}: redirects to '{target.Scheme}://{target.Host}', which is not safe; nothing was fetched. Is HF_ENDPOINT right?");
            isHub &= IsSameHost(_endpoint, target);
            address = target;
        }

        throw new HubException($"{_endpoint.Host}: redirects more than {MaxRedirects} times; nothing was fetched. Is HF_ENDPOINT right?");
    }

    private async Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(_options.Timeout);
        return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token).ConfigureAwait(false);
    }

    private static Uri? Target(HttpResponseMessage response, Uri address) =>
        response.StatusCode is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect
        && response.Headers.Location is { } location
            ? new Uri(address, location)
            : null;

    private static bool IsSameHost(Uri a, Uri b) => a.Scheme == b.Scheme && a.Port == b.Port && string.Equals(a.IdnHost, b.IdnHost, StringComparison.OrdinalIgnoreCase);

    /// <summary>A broken connection, and to whom.</summary>
    private sealed class BrokenConnectionException(string host, Exception cause) : IOException(cause.Message, cause)
    {
        public string Host { get; } = host;
    }
}
