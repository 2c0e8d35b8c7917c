using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Sightline.Server.Configuration;
using Sightline.Server.Errors;

namespace Sightline.Server.Security;

/// <summary>
/// Fetches pictures that requests name by address, where the configuration allows it. The address that a name resolves to is checked, and exactly
/// that address is connected to, so a name cannot change its mind in between; redirects go through the same check. No proxy, no cookies.
/// </summary>
internal sealed class RemotePictures : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly HttpClient _client;
    private readonly ServerOptions _options;

    public RemotePictures(IOptions<ServerOptions> options)
        : this(options, PublicAddress.IsPublic)
    {
    }

    internal RemotePictures(IOptions<ServerOptions> options, Func<IPAddress, bool> isAllowed)
    {
        _options = options.Value;
        _client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            MaxAutomaticRedirections = 3,
            MaxResponseHeadersLength = 32,
            PooledConnectionLifetime = TimeSpan.Zero,
            ConnectCallback = (context, token) => ConnectAsync(context.DnsEndPoint, isAllowed, token),
        })
        {
            Timeout = s_patience,
            MaxResponseContentBufferSize = _options.MaxBodyBytes,
        };
    }

    /// <summary>Fetches a picture.</summary>
    /// <exception cref="ApiException">Not allowed, a private address, not reachable, too large, too slow.</exception>
    public async Task<byte[]> FetchAsync(string address, string parameter, CancellationToken cancellationToken)
    {
        if (!_options.AllowRemoteUrls)
            throw ApiException.Invalid(parameter, $"{parameter} is an address; this server fetches none (--allow-remote-urls). Send the picture itself, as a data URL.");
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0)
            throw ApiException.Invalid(parameter, $"{parameter} is not an http or https address.");
        try
        {
            return await _client.GetByteArrayAsync(uri, cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw ApiException.Invalid(parameter, e.InnerException is NotPublicException
                ? $"{parameter} leads to an address that is not public; it is not fetched."
                : e.StatusCode is { } status ? $"{parameter} cannot be fetched: its server answers {(int)status}." : $"{parameter} cannot be fetched, or is larger than {_options.MaxBodyBytes} bytes.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw ApiException.Invalid(parameter, $"{parameter} was not fetched within {s_patience.TotalSeconds} s.");
        }
    }

    public void Dispose() => _client.Dispose();

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint endPoint, Func<IPAddress, bool> isAllowed, CancellationToken cancellationToken)
    {
        var addresses = await Dns.GetHostAddressesAsync(endPoint.Host, cancellationToken);
        if (addresses.Length == 0 || !addresses.All(isAllowed)) // one private address among them is a trick
            throw new NotPublicException();
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, endPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private sealed class NotPublicException() : Exception("The address is not public.");
}
