using System.Globalization;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.WebUtilities;
using Sightline.Server.Observability;

namespace Sightline.Server.Errors;

/// <summary>Turns whatever happens into one plain answer in the format of the API that was called. No stack trace leaves the server.</summary>
internal sealed partial class ErrorResponses(ServerMetrics metrics, ILogger<ErrorResponses> logger) : IExceptionHandler
{
    /// <inheritdoc/>
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        await WriteAsync(httpContext, Explain(exception));
        return true;
    }

    /// <summary>What a client is told of an exception.</summary>
    public ApiException Explain(Exception exception)
    {
        switch (exception)
        {
            case ApiException e:
                return e;
            case ImageDecodeException e:
                return new ApiException(400, e.Message) { Code = "invalid_image" };
            case ConfigurationException e:
                return new ApiException(400, e.Message) { Code = "invalid_value" };
            case BadHttpRequestException e:
                return new ApiException(e.StatusCode, Sentence(e.Message));
            case InvalidDataException e: // a form that is none
                return new ApiException(400, Sentence(e.Message));
            case SightlineException e:
                return new ApiException(500, e.Message);
            case OperationCanceledException:
                return new ApiException(503, "The server is stopping.");
            default:
                LogUnexpected(exception);
                return new ApiException(500, "An unexpected error occurred; the server's log has more.");
        }
    }

    /// <summary>Gives a status that the framework set a body in the API's format.</summary>
    public Task WriteStatusAsync(StatusCodeContext context)
    {
        var status = context.HttpContext.Response.StatusCode;
        return WriteAsync(context.HttpContext, new ApiException(status, status switch
        {
            StatusCodes.Status401Unauthorized => "An API key is needed: send it as Authorization: Bearer KEY.",
            StatusCodes.Status404NotFound => "There is nothing at this address.",
            StatusCodes.Status405MethodNotAllowed => $"{context.HttpContext.Request.Method} is not possible here.",
            _ => $"{ReasonPhrases.GetReasonPhrase(status)}.",
        }));
    }

    /// <summary>Writes an error.</summary>
    public async Task WriteAsync(HttpContext context, ApiException error)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = error.Status;
        if (error.RetryAfter is { } delay)
            context.Response.Headers.RetryAfter = Math.Ceiling(delay.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        if (error.Status is >= 400 and < 500 and not 429) // 429 is counted where it is decided
            metrics.Reject(error.Code ?? error.Status.ToString(CultureInfo.InvariantCulture));
        var endpoint = context.GetEndpoint() ?? context.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
        await (endpoint?.Metadata.GetMetadata<IErrorFormat>() ?? ProblemFormat.Instance).WriteAsync(context, error);
    }

    private static string Sentence(string message) => message.EndsWith('.') ? message : message + ".";

    [LoggerMessage(Level = LogLevel.Error, Message = "Unexpected error.")]
    private partial void LogUnexpected(Exception exception);
}
