using Microsoft.Extensions.Options;
using Sightline.Server.Configuration;
using Sightline.Server.Errors;

namespace Sightline.Server.Security;

/// <summary>
/// Turns away what other web pages make a browser send. CORS only keeps them from reading the answer; without this, any page could keep the model of
/// a server on the visitor's own machine busy.
/// </summary>
internal sealed class CrossOriginGuard(IOptions<ServerOptions> options) : IMiddleware
{
    private readonly string[] _allowed = ServerOptions.Split(options.Value.AllowedOrigins);

    /// <inheritdoc/>
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var origin = context.Request.Headers.Origin.ToString();
        if (origin.Length == 0 || HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)
            || origin[(origin.IndexOf("://", StringComparison.Ordinal) + 3)..].Equals(context.Request.Host.Value, StringComparison.OrdinalIgnoreCase) // a proxy may change the scheme
            || _allowed.Contains(origin, StringComparer.OrdinalIgnoreCase))
        {
            return next(context);
        }

        throw new ApiException(StatusCodes.Status403Forbidden, "Requests from other web pages are not accepted; --allowed-origins names those that may.");
    }
}
