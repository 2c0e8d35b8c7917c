using System.Diagnostics;
using Microsoft.AspNetCore.Diagnostics;

namespace Sightline.Server.Observability;

/// <summary>One log line a request: route, status and time. No address, no file name, no caption, no picture.</summary>
internal sealed partial class RequestLog(ILogger<RequestLog> logger) : IMiddleware
{
    /// <inheritdoc/>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            var route = ((context.GetEndpoint() ?? context.Features.Get<IExceptionHandlerFeature>()?.Endpoint) as RouteEndpoint)?.RoutePattern.RawText ?? "(none)";
            var status = context.RequestAborted.IsCancellationRequested ? StatusCodes.Status499ClientClosedRequest : context.Response.StatusCode;
            var elapsed = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            if (!route.StartsWith("/health", StringComparison.Ordinal))
                LogRequest(context.Request.Method, route, status, elapsed);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Method} {Route} {Status} {Milliseconds:0.0} ms")]
    private partial void LogRequest(string method, string route, int status, double milliseconds);
}
