using System.Text.Json.Serialization;
using Sightline.Server.Errors;

namespace Sightline.Server.OpenAI;

/// <summary>Errors as OpenAI's clients read them.</summary>
internal sealed class OpenAIFormat : IErrorFormat
{
    public static OpenAIFormat Instance { get; } = new();

    /// <inheritdoc/>
    public Task WriteAsync(HttpContext context, ApiException error) => context.Response.WriteAsJsonAsync(new ErrorBody(new ErrorDetail(
        error.Message,
        error.Status switch
        {
            401 => "authentication_error",
            429 => "rate_limit_error",
            >= 500 => "server_error",
            _ => "invalid_request_error",
        },
        error.Parameter,
        error.Code)));

    private sealed record ErrorBody(ErrorDetail Error);

    private sealed record ErrorDetail(
        string Message,
        string Type,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Param,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Code);
}
